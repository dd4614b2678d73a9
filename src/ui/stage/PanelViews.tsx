// Which view of an instrument does the large card show? A quiet switch in its head, and the measurement that a view needs.
import { useEffect } from 'react'
import { armsOf } from '../../core/resolve.ts'
import { Segmented } from '../controls/choices.tsx'
import { useLab, useLabState } from '../lab.tsx'
import type { Panel } from './panels.ts'

/** Nothing for panels with one view. */
export function PanelViews({ panel }: { readonly panel: Panel }) {
  const { view } = useLab()
  const chosen = useLabState((state) => state.panelViews[panel.name])
  const seeds = useLabState((state) => state.experiment.seeds)
  useWholeHessian(panel, chosen)
  if (panel.views === undefined || (panel.viewsOfSeeds === true && seeds === 1)) return null
  return (
    <Segmented
      name={`View of ${panel.title}`}
      className="card-views"
      choices={panel.views}
      value={chosen ?? panel.views[0].value}
      onChange={(next) => view.setPanelView(panel.name, next)}
    />
  )
}

/** Asks once for every entry when a view needs it, the run rests, and the last measurement was too cheap to have it. */
function useWholeHessian(panel: Panel, view: string | undefined): void {
  const { run } = useLab()
  const limit = panel.name === 'hessian' && view !== undefined ? panel.wholeLimits?.[view] : undefined
  const wanted = useLabState((state) => {
    const { phase } = state.run
    if (limit === undefined || (phase !== 'ready' && phase !== 'paused' && phase !== 'finished')) return null
    const newest = armsOf(state.experiment).map((arm) => state.columns[arm].hessian.samples.at(-1))
    const missing = newest.some(
      (sample) =>
        sample !== undefined &&
        sample.parameterCount <= limit &&
        (sample.step < state.run.step || (view === 'entries' ? sample.entries : sample.blockMeanAbs) === null),
    )
    return missing ? `${state.runKey} ${state.run.step}` : null
  })
  useEffect(() => {
    if (wanted !== null) run.measureNow('hessian')
  }, [wanted, run])
}
