// How is time driven? Run, one step, back to the start, another seed; and a scrubber that goes back without stopping.
import { Dices, ExternalLink, Pause, Pin, Play, RotateCcw, StepForward, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Select } from './controls/choices.tsx'
import { optimizerName } from './controls/words.ts'
import { useLab, useLabState } from './lab.tsx'
import { groupedNumber, shortNumber } from './numberText.ts'

const PACES = [
  { value: 'max', label: 'Full speed' },
  { value: '300', label: '300 / s' },
  { value: '100', label: '100 / s' },
  { value: '30', label: '30 / s' },
  { value: '10', label: '10 / s' },
  { value: '1', label: '1 / s' },
] as const

/** The bar at the foot. */
export function Transport() {
  const { run } = useLab()
  const phase = useLabState((state) => state.run.phase)
  const wanted = useLabState((state) => state.run.wanted)
  const pace = useLabState((state) => state.pace)
  const busy = phase === 'starting' || phase === 'recovering'
  const running = phase === 'running'
  // The click is answered here and now; the Worker may be in the middle of a measurement.
  const starting = wanted === 'run' && (phase === 'starting' || phase === 'ready' || phase === 'paused')
  const pausing = wanted === 'pause' && running
  return (
    <footer className="transport" aria-label="Transport">
      <button
        type="button"
        className="button primary"
        onClick={() => run.toggleRun()}
        disabled={phase === 'recovering' || phase === 'stopped'}
        title="Run or pause (Space)"
        aria-busy={starting || pausing}
      >
        {(running && !pausing) || starting ? (
          <Pause fill="currentColor" aria-hidden="true" />
        ) : (
          <Play fill="currentColor" aria-hidden="true" />
        )}
        {pausing ? 'Pausing …' : starting ? 'Starting …' : running ? 'Pause' : phase === 'finished' ? 'Run again' : 'Run'}
      </button>
      <button
        type="button"
        className="button"
        onClick={() => run.step(1)}
        disabled={busy || phase === 'finished' || phase === 'stopped'}
        title="One step (→), ten with Shift"
      >
        <StepForward aria-hidden="true" />
        <span className="label not-embed">Step</span>
        <span className="sr-only only-embed">Step</span>
      </button>
      <button type="button" className="button" onClick={run.reset} title="The same start again (R)">
        <RotateCcw aria-hidden="true" />
        <span className="label not-embed">Reset</span>
        <span className="sr-only only-embed">Reset</span>
      </button>
      <button type="button" className="button" onClick={run.newSeed} title="Another start (N)">
        <Dices aria-hidden="true" />
        <span className="label not-embed">New seed</span>
        <span className="sr-only only-embed">New seed</span>
      </button>
      <Scrubber />
      <StepCounter />
      <Rate />
      <span className="not-embed not-narrow">
        <Select
          name="Pace"
          choices={PACES}
          value={PACES.find((choice) => choice.value === String(pace ?? 'max'))?.value ?? 'max'}
          onChange={(value) => run.setPace(value === 'max' ? null : Number(value))}
        />
      </span>
      <Pins />
      <OpenFull />
    </footer>
  )
}

function Scrubber() {
  const { view } = useLab()
  const steps = useLabState((state) => state.experiment.steps)
  const changes = useLabState((state) => state.experiment.changes)
  // A thumb that would move by less than a pixel need not be drawn again, and its words need not be said.
  const step = useLabState(({ run, experiment }) => tracked(run.step, experiment.steps))
  const cursor = useLabState((state) => state.cursor)
  const shown = cursor ?? step
  const fill = `${(100 * shown) / Math.max(1, steps)}%`
  return (
    <div className="scrubber">
      {changes.map((change) => (
        <span
          key={`${change.arm}${change.step}`}
          className="mark"
          data-arm={change.arm}
          title={`Step ${change.step}: ${change.arm} becomes ${optimizerName(change.optimizer.kind)}, rate ${shortNumber(change.optimizer.lr)}`}
          style={{ left: `calc(9px + (100% - 18px) * ${change.step / Math.max(1, steps)})` }}
        />
      ))}
      <input
        className="range"
        type="range"
        min={0}
        max={steps}
        step={1}
        value={shown}
        aria-label="Look back in time"
        aria-valuetext={cursor === null ? `step ${step}, live` : `looking at step ${cursor}`}
        style={{ '--fill': fill } as React.CSSProperties}
        onChange={(event) => {
          const value = Number(event.target.value)
          view.setCursor(value >= step ? null : value)
        }}
      />
    </div>
  )
}

const SCRUBBER_POSITIONS = 300

/** The step, down to the next position of the track; the last step is always itself. */
function tracked(step: number, steps: number): number {
  const pitch = Math.max(1, Math.floor(steps / SCRUBBER_POSITIONS))
  return step >= steps ? step : Math.floor(step / pitch) * pitch
}

function StepCounter() {
  const { view } = useLab()
  const step = useLabState((state) => state.run.step)
  const steps = useLabState((state) => state.experiment.steps)
  const cursor = useLabState((state) => state.cursor)
  return (
    <>
      {cursor !== null && (
        <button type="button" className="link-button small" onClick={() => view.setCursor(null)}>
          live
        </button>
      )}
      <span
        className="step-counter"
        data-testid="step"
        style={{ '--widest': `${2 * groupedNumber(steps).length + 2}ch` } as React.CSSProperties}
      >
        {groupedNumber(cursor ?? step)} <span className="total">/ {groupedNumber(steps)}</span>
      </span>
    </>
  )
}

/** Steps per second as they pass on this page, over about a second. */
function Rate() {
  const { store } = useLab()
  const running = useLabState((state) => state.run.phase === 'running')
  const [rate, setRate] = useState(0)
  useEffect(() => {
    if (!running) return undefined
    let last = { at: performance.now(), step: store.getState().run.step }
    const timer = setInterval(() => {
      const now = { at: performance.now(), step: store.getState().run.step }
      setRate(Math.max(0, ((now.step - last.step) * 1000) / (now.at - last.at)))
      last = now
    }, RATE_MS)
    return () => {
      clearInterval(timer)
      setRate(0)
    }
  }, [running, store])
  const text = rate <= 0 ? '' : `${rate >= 10 ? groupedNumber(Number(rate.toPrecision(2))) : shortNumber(rate, 2)} steps/s`
  return <span className="rate not-embed not-narrow">{text}</span>
}

const RATE_MS = 1000

/** Runs that stay on the plots, and the changes that a reset would play again. */
function Pins() {
  const { run } = useLab()
  const ghosts = useLabState((state) => state.ghosts)
  const changes = useLabState((state) => state.experiment.changes.length)
  const canPin = useLabState((state) => state.run.step > 0)
  return (
    <>
      {changes > 0 && (
        <button
          type="button"
          className="link-button small not-embed not-narrow"
          title="Start again without the changes made on the way"
          onClick={run.forgetChanges}
        >
          forget {changes === 1 ? 'the change' : `${changes} changes`}
        </button>
      )}
      {ghosts.map((ghost) => (
        <span key={ghost.id} className="ghost-chip not-embed not-narrow" title={`Earlier run: ${ghost.label}`}>
          <span>{ghost.label}</span>
          <button type="button" aria-label={`Remove the earlier run ${ghost.label}`} onClick={() => run.unpin(ghost.id)}>
            <X width={13} height={13} />
          </button>
        </span>
      ))}
      <button
        type="button"
        className="icon-button quiet not-embed not-narrow"
        aria-label="Pin this run"
        title="Keep this run on the plots (P)"
        disabled={!canPin}
        onClick={run.pin}
      >
        <Pin />
      </button>
    </>
  )
}

/** From an embed to the page itself, with the same experiment. */
function OpenFull() {
  const embed = useLabState((state) => state.view.embed)
  // The hash follows the experiment a moment later; reading it on click is always right.
  if (!embed) return null
  return (
    <a
      className="button"
      href="./index.html"
      target="_blank"
      rel="noopener"
      onClick={(event) => {
        event.currentTarget.href = `./index.html${location.hash}`
      }}
    >
      Open full <ExternalLink aria-hidden="true" />
    </a>
  )
}
