// Several figures on one page, one computer: which of them may train? The last one that somebody started.
//
// A BroadcastChannel reaches all pages of this origin but not the sender, so each claim names the page around the figure; without it
// (an old browser, a strict frame) every figure simply runs.
export interface Lease {
  /** Says that this figure runs now; the others on the page stop. */
  readonly claim: () => void
  readonly close: () => void
}

interface Claim {
  readonly type: 'claim'
  readonly page: string
}

const CHANNEL = 'plateau-lease'

/** A lease of one figure; `onLost` is called when another figure of the same page claims. */
export function createLease(page: string, onLost: () => void, open: (name: string) => BroadcastChannel | null = openChannel): Lease {
  const channel = open(CHANNEL)
  if (channel === null) return { claim: () => undefined, close: () => undefined }
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (isClaim(data) && data.page === page) onLost()
  })
  return {
    // A channel has one origin by itself; it knows no target.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    claim: () => channel.postMessage({ type: 'claim', page } satisfies Claim),
    close: () => channel.close(),
  }
}

function isClaim(value: unknown): value is Claim {
  if (typeof value !== 'object' || value === null) return false
  const claim = value as Partial<Claim>
  return claim.type === 'claim' && typeof claim.page === 'string'
}

function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}
