// What surrounds a plot? Its name, what it shows, the number of the moment, and three tools.
import { Expand, Maximize, Table2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { LabState } from '../../store/labState.ts'
import { useLab, useLabState } from '../lab.tsx'
import { compactPowers } from '../numberText.ts'
import { DemandLine, type DemandName } from './DemandLine.tsx'
import { NormsOf } from './NormsOf.tsx'
import type { Panel } from './panels.ts'
import { PanelViews } from './PanelViews.tsx'
import { PlotHost } from './PlotHost.tsx'
import { wholeMeasurement } from './wholeMeasurement.ts'

interface PlotCardProps {
  readonly panel: Panel
  readonly variant: 'main' | 'small'
}

/** One card of the stage. */
export function PlotCard({ panel, variant }: PlotCardProps) {
  const { view } = useLab()
  const demand = demandOf(panel)
  const headline = useRef<HTMLSpanElement>(null)
  const caption = useRef<HTMLSpanElement>(null)
  // Read from the back of a hall the head names the axis, and the readout is not there.
  const present = useLabState((state) => state.view.present)
  const frozen = useLabState((state) => ASKS_SAMPLES.has(panel.name) && hasBatchNorm(state))
  return (
    <section className="card" data-variant={variant} data-demand={demand} aria-label={panel.title}>
      <div className="card-head">
        <h2>{variant === 'main' || present ? panel.title : panel.shortTitle}</h2>
        {variant === 'main' && <PanelViews panel={panel} />}
        {variant === 'main' && panel.name === 'gradientNorms' && <NormsOf />}
        <span ref={caption} className="sub" />
        <span ref={headline} className="readout" />
      </div>
      <PlotHost
        panel={panel}
        variant={variant}
        lends={variant === 'main'}
        onWords={(words) => {
          if (headline.current !== null)
            writeHeadline(headline.current, variant === 'main' ? words.headline : compactPowers(words.headline))
          if (caption.current !== null) caption.current.textContent = variant === 'main' ? words.caption : ''
        }}
      />
      {frozen && <p className="card-note">{variant === 'main' ? FROZEN_STATISTICS : 'frozen statistics'}</p>}
      <DemandLine demand={demand} label={panel.title} />
      <div className="card-tools">
        {variant === 'main' && <WholeButton panel={panel} />}
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

/** The loss comes with every step; what one waits for there is the accuracy on all samples. */
function demandOf({ name }: Panel): DemandName {
  return name === 'loss' ? 'evaluation' : name
}

/** Asks for the whole measurement; stays where it is while one waits, so that Escape finds the focus in its card. */
function WholeButton({ panel }: { readonly panel: Panel }) {
  const { run } = useLab()
  const { name } = panel
  const whole = useLabState((state) => wholeMeasurement(name, state)?.label ?? null)
  const title = useLabState((state) => wholeMeasurement(name, state)?.title)
  const isAsked = useLabState((state) => state.demands[demandOf(panel)] !== undefined)
  const isReady = useLabState((state) => ANSWERING.has(state.run.phase))
  const [last, setLast] = useState(whole)
  if (whole !== null && whole !== last) setLast(whole)
  if (name === 'loss' || last === null || (whole === null && !isAsked) || (!isReady && !isAsked)) return null
  return (
    <button
      type="button"
      className="button small whole"
      title={isAsked ? 'Cancel (Escape)' : title}
      onClick={() => (isAsked ? run.cancel(name) : run.measureNow(name))}
    >
      {isAsked ? 'Cancel' : last}
    </button>
  )
}

const ANSWERING: ReadonlySet<LabState['run']['phase']> = new Set(['ready', 'running', 'paused', 'finished'])

/** Instruments that ask for single samples: one sample of a batch has no statistics of its own. */
const ASKS_SAMPLES: ReadonlySet<Panel['name']> = new Set(['cosines', 'kernel'])
const FROZEN_STATISTICS = 'batch norm: per-sample quantities with frozen statistics, those of the probe set'

function hasBatchNorm({ experiment }: LabState): boolean {
  return armsOf(experiment).some((arm) => {
    const { kind, norm } = armExperiment(experiment, arm).model
    return kind !== 'chain' && norm === 'batch'
  })
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
