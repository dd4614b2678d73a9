// What is in the middle? One plot large, the others small under it; any of them can trade places.
import { FaultPanel } from '../FaultPanel.tsx'
import { useLabState } from '../lab.tsx'
import { useQuestion } from '../question.ts'
import { DemandLine } from './DemandLine.tsx'
import { PlotCard } from './PlotCard.tsx'
import { STAGE_PANELS } from './panels.ts'
import { ProgressLine } from './ProgressLine.tsx'
import { SlowStep } from './SlowStep.tsx'

/** The stage of the page; an embed shows the main plot and one more. */
export function Stage() {
  const mainPanel = useLabState((state) => state.mainPanel)
  const view = useLabState((state) => state.view)
  const main = STAGE_PANELS.find((panel) => panel.name === mainPanel) ?? STAGE_PANELS[0]
  const others = STAGE_PANELS.filter((panel) => panel !== main)
  const small = view.embed ? embedPanels(view.panels ?? [], others) : others
  return (
    <main className="stage">
      <div className="stage-main">
        <PlotCard key={`main-${main.name}`} panel={main} variant="main" />
        <FirstHint />
        <SlowStep />
        <ProgressLine />
        <SnapshotLine />
        <FaultPanel />
      </div>
      {small.length > 0 && (
        <div className="stage-row">
          {small.map((panel) => (
            <PlotCard key={panel.name} panel={panel} variant="small" />
          ))}
        </div>
      )}
    </main>
  )
}

/** A snapshot is of the whole run: its line stands over the whole stage. */
function SnapshotLine() {
  return (
    <div className="snapshot-line" data-demand="snapshot">
      <DemandLine demand="snapshot" label="Snapshot" />
    </div>
  )
}

/** What the host asked for beside the main plot, else the first of the others; at most two fit. */
function embedPanels(asked: readonly string[], others: typeof STAGE_PANELS): typeof STAGE_PANELS {
  const wanted = others.filter((panel) => asked.includes(panel.name))
  return asked.length === 0 ? others.slice(0, 1) : wanted.slice(0, 2)
}

/** Over axes that have no curve yet: what to do first. */
function FirstHint() {
  const waiting = useLabState((state) => state.run.phase === 'ready' && state.mainPanel === 'loss')
  const committed = useLabState((state) => state.prediction !== null)
  const { lesson } = useQuestion()
  const embed = useLabState((state) => state.view.embed)
  if (!waiting) return null
  return (
    <p className="first-hint">
      {lesson !== null && !embed && !committed ? 'Commit to a guess above, then press' : 'Press'} <kbd>Space</kbd> or Run
    </p>
  )
}
