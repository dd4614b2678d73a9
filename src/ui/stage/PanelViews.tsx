// Which view of an instrument does the large card show? A quiet switch in its head, and the measurement that a view needs.
import { useEffect } from 'react'
import { armsOf } from '../../core/resolve.ts'
import type { Step } from '../../core/units.ts'
import type { ArmColumns } from '../../store/armColumns.ts'
import { Segmented } from '../controls/choices.tsx'
import { useLab, useLabState } from '../lab.tsx'
import { hasCharts, OVER_SEEDS, PREDICTIONS } from '../theory/hasCharts.ts'
import type { Panel } from './panels.ts'

/** Nothing for panels with one view. */
export function PanelViews({ panel }: { readonly panel: Panel }) {
  const { view } = useLab()
  const chosen = useLabState((state) => state.panelViews[panel.name])
  // A list would be another one each time.
  const there = useLabState((state) =>
    (panel.views ?? [])
      .filter(({ isThere }) => isThere?.(state) ?? true)
      .map(({ value }) => value)
      .join(' '),
  )
  useWholeMeasurement(panel, chosen)
  const names = there.split(' ')
  const views = panel.views?.filter(({ value }) => names.includes(value)) ?? []
  if (views.length < 2) return null
  return (
    <Segmented
      name={`View of ${panel.title}`}
      className="card-views"
      choices={views}
      value={chosen !== undefined && names.includes(chosen) ? chosen : views[0].value}
      onChange={(next) => view.setPanelView(panel.name, next)}
    />
  )
}

/** Asks once for what a view needs, when the run rests and the last measurement was too cheap to have it. */
function useWholeMeasurement(panel: Panel, view: string | undefined): void {
  const { run } = useLab()
  const wanted = useLabState((state) => {
    const { phase, step } = state.run
    if (view === undefined || (phase !== 'ready' && phase !== 'paused' && phase !== 'finished')) return null
    if (view === PREDICTIONS && !hasCharts(panel.name, state)) return null
    const missing = armsOf(state.experiment).some((arm) => isMissing(panel, view, state.columns[arm], step))
    return missing ? `${state.runKey} ${step}` : null
  })
  const { name } = panel
  useEffect(() => {
    if (wanted !== null && name !== 'loss') run.measureNow(name)
  }, [wanted, run, name])
}

function isMissing(panel: Panel, view: string, { hessian, gradientNorms, kernel }: ArmColumns, step: Step): boolean {
  if (panel.name === 'kernel') {
    const newest = kernel.samples.at(-1)
    return view === PREDICTIONS && newest !== undefined && newest.outputHessianNorm === undefined
  }
  if (panel.name === 'gradientNorms') {
    const newest = gradientNorms.samples.at(-1)
    return (view === 'signal' || view === OVER_SEEDS) && newest !== undefined && newest.forwardLog10 === undefined
  }
  const limit = panel.name === 'hessian' ? panel.wholeLimits?.[view] : undefined
  const newest = hessian.samples.at(-1)
  if (limit === undefined || newest === undefined || newest.parameterCount > limit) return false
  return newest.step < step || (view === 'entries' ? newest.entries : newest.blockFrobenius) === null
}
