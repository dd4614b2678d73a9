// What did somebody write as "blocks per stage"?

export type ReadBlocks =
  | { readonly type: 'blocks'; readonly blocks: string | null }
  | { readonly type: 'unreadable'; readonly text: string }

const STAGES = 4
const MOST = 99

/** '3-4-6-3' of "3, 4, 6, 3", "[3 4 6 3]" and the like; null of an empty text; one sentence for anything else. */
export function readBlocks(text: string): ReadBlocks {
  const inner = /^\[(.*)\]$/u.exec(text.trim())?.[1] ?? text
  const parts = inner.split(/[\s,;-]+/u).filter((part) => part !== '')
  if (parts.length === 0) return { type: 'blocks', blocks: null }
  const counts = parts.map((part) => (/^\d{1,3}$/u.test(part) ? Number(part) : NaN))
  if (parts.length === STAGES && counts.every((count) => count >= 1 && count <= MOST)) return { type: 'blocks', blocks: counts.join('-') }
  return { type: 'unreadable', text: `Four whole numbers from 1 to ${MOST} are needed, such as 3, 4, 6, 3.` }
}
