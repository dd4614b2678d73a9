// What surrounds a plot? Its name, what it shows, the number of the moment, and three tools.
import { Expand, Maximize, Table2 } from 'lucide-react'
import { useRef } from 'react'
import { useLab } from '../lab.tsx'
import type { Panel } from './panels.ts'
import { PanelViews } from './PanelViews.tsx'
import { PlotHost } from './PlotHost.tsx'

interface PlotCardProps {
  readonly panel: Panel
  readonly variant: 'main' | 'small'
}

/** One card of the stage. */
export function PlotCard({ panel, variant }: PlotCardProps) {
  const { view } = useLab()
  const headline = useRef<HTMLSpanElement>(null)
  const caption = useRef<HTMLSpanElement>(null)
  return (
    <section className="card" data-variant={variant} aria-label={panel.title}>
      <div className="card-head">
        <h2>{variant === 'main' ? panel.title : panel.shortTitle}</h2>
        {variant === 'main' && <PanelViews panel={panel} />}
        <span ref={caption} className="sub" />
        <span ref={headline} className="readout" />
      </div>
      <PlotHost
        panel={panel}
        variant={variant}
        lends={variant === 'main'}
        onWords={(words) => {
          if (headline.current !== null) writeHeadline(headline.current, words.headline)
          if (caption.current !== null) caption.current.textContent = variant === 'main' ? words.caption : ''
        }}
      />
      <div className="card-tools">
        {variant === 'small' && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Make ${panel.title} the main plot`}
            title="Make it the main plot"
            onClick={() => view.setMainPanel(panel.name)}
          >
            <Expand width={14} height={14} />
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={`${panel.title} as a table`}
          title="As a table"
          onClick={() => view.setTablePanel(panel.name)}
        >
          <Table2 width={14} height={14} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`${panel.title} in full size`}
          title="Full size"
          onClick={() => view.setFullPanel(panel.name)}
        >
          <Maximize width={14} height={14} />
        </button>
      </div>
    </section>
  )
}

/** "A 0.5 · B 0" with each part in the colour of its arm; the letters stay, colour never stands alone. */
function writeHeadline(element: HTMLElement, text: string): void {
  if (element.dataset.text === text) return
  element.dataset.text = text
  element.replaceChildren(
    ...text.split(' · ').map((part) => {
      const span = document.createElement('span')
      span.textContent = part
      if (part.startsWith('A ')) span.className = 'arm-a'
      if (part.startsWith('B ')) span.className = 'arm-b'
      return span
    }),
  )
}
