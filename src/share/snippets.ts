// What does a lecturer paste to show this experiment? One snippet per place where lectures are written.
//
// Each holds the readable link in full, so that whoever reads the source of a lecture sees which experiment stands there.

export interface SnippetRequest {
  /** Address of the page with its hash; query parameters of the visitor are replaced. */
  readonly address: string
  readonly title: string
  readonly width?: number
  readonly height?: number
}

export interface Snippet {
  readonly name: 'Link' | 'HTML' | 'Markdown' | 'Quarto' | 'Jupyter' | 'reveal.js'
  readonly text: string
}

/** All snippets; title and address are escaped for the place they stand in. */
export function snippets({ address, title, width = 720, height = 480 }: SnippetRequest): readonly Snippet[] {
  const open = addressWith(address, {})
  const embedded = addressWith(address, { embed: '1' })
  const frame = iframe(embedded, title, width, height)
  return [
    { name: 'Link', text: open },
    { name: 'HTML', text: frame },
    { name: 'Markdown', text: `[${title.replaceAll(/[[\]\\]/gu, '\\$&')}](<${open.replaceAll('>', '%3E').replaceAll('<', '%3C')}>)` },
    { name: 'Quarto', text: `\`\`\`{=html}\n${frame}\n\`\`\`` },
    { name: 'Jupyter', text: `from IPython.display import IFrame\nIFrame(${pythonText(embedded)}, width=${width}, height=${height})` },
    {
      name: 'reveal.js',
      text: `<section data-background-iframe="${escaped(addressWith(address, { embed: '1', present: '1' }))}" data-background-interactive></section>`,
    },
  ]
}

/** The page's address without the visitor's own query, with this one, hash kept. */
export function addressWith(address: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  url.search = new URLSearchParams(query).toString()
  return url.href
}

function iframe(address: string, title: string, width: number, height: number): string {
  return `<iframe src="${escaped(address)}" title="${escaped(title)}" width="${width}" height="${height}" style="border:0" loading="lazy" allow="fullscreen"></iframe>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function pythonText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
