// How does somebody else see this? A link with the experiment in its hash, and the line that embeds it.
import { Share2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { snippets } from '../../share/snippets.ts'
import { hashOf } from '../../store/effects/address.ts'
import type { LabState } from '../../store/labState.ts'
import { useLab } from '../lab.tsx'
import { useQuestion } from '../question.ts'
import { Dialog } from './Dialog.tsx'

/** "Share" and its dialog. */
export function ShareButton() {
  const { store } = useLab()
  const ref = useRef<HTMLDialogElement>(null)
  const { lesson } = useQuestion()
  const title = lesson?.title ?? 'Plateau'
  const [link, setLink] = useState<string | null>(null)
  return (
    <>
      <button
        type="button"
        className="button share"
        aria-label="Share"
        onClick={() => {
          setLink(linkTo(store.getState()))
          ref.current?.showModal()
        }}
      >
        <Share2 aria-hidden="true" /> <span className="not-narrow">Share</span>
      </button>
      <Dialog ref={ref} title="Share this experiment">
        <p className="small muted">
          The link holds every setting, the seed and the changes made on the way; whoever opens it sees the same run.
        </p>
        {link === null ? (
          <p className="small">This experiment has too many changes for a link. Export it as a file instead.</p>
        ) : (
          <Snippets address={link} title={title} />
        )}
      </Dialog>
    </>
  )
}

/** The address without the wishes of a host; null when the state is too long for a link. */
function linkTo(state: LabState): string | null {
  const hash = hashOf(state)
  if (hash === null) return null
  const url = new URL(location.href)
  url.search = ''
  url.hash = hash
  return url.href
}

/** Link and frame at once; the other places where lectures are written on demand. */
function Snippets({ address, title }: { readonly address: string; readonly title: string }) {
  const [link, html, ...others] = snippets({ address, title })
  return (
    <>
      <SnippetField title={link.name} text={link.text} rows={2} />
      <SnippetField title={html.name} text={html.text} rows={4} />
      <details className="more-places">
        <summary>Markdown, Quarto, Jupyter, reveal.js</summary>
        {others.map(({ name, text }) => (
          <SnippetField key={name} title={name} text={text} rows={4} />
        ))}
      </details>
    </>
  )
}

/** What became of a copy; the answer stands where the hand is, for the dialog covers everything else. */
type Copying = 'idle' | 'copied' | 'refused'
const COPIED_MS = 2000

function SnippetField({ title, text, rows }: { readonly title: string; readonly text: string; readonly rows: number }) {
  const area = useRef<HTMLTextAreaElement>(null)
  const [copying, setCopying] = useState<Copying>('idle')
  useEffect(() => {
    if (copying !== 'copied') return undefined
    const timer = setTimeout(() => setCopying('idle'), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copying])
  const copy = async () => {
    area.current?.select()
    try {
      await navigator.clipboard.writeText(text)
      setCopying('copied')
    } catch {
      // Frames of other pages may refuse the clipboard; the text is selected either way.
      setCopying('refused')
    }
  }
  return (
    <div className="form-section">
      <div className="snippet-head">
        <h3 className="section-title">{title}</h3>
        <button type="button" className="button" aria-label={`Copy: ${title}`} onClick={() => void copy()}>
          {copying === 'copied' ? 'Copied' : 'Copy'}
        </button>
      </div>
      <textarea ref={area} className="snippet" aria-label={title} readOnly rows={rows} value={text} />
      <p className={copying === 'refused' ? 'small' : 'sr-only'} role="status">
        {copying === 'copied' && `${title} copied.`}
        {copying === 'refused' && 'Copying is not allowed here; the text is selected, use Ctrl+C.'}
      </p>
    </div>
  )
}
