// When are the closed forms asked again? When the experiment changes, right after it; with new spectra and kernels once a second.
import { keptCurves } from '../keptCurves.ts'
import type { LabStore } from '../labStore.ts'
import type { theoryCurves } from '../theoryCurves.ts'

/** Closed forms of a chain take ten milliseconds: more often they would cost frames. */
const PAUSE_MS = 1000

/** Keeps `theory` of the state in step with experiment and measurements. */
export function followTheory(store: LabStore): void {
  let known: readonly unknown[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  let closedForms: typeof theoryCurves | null = null
  const compute = () => {
    timer = null
    const { experiment, columns, theory } = store.getState()
    if (closedForms === null) return
    const kept = keptCurves(theory, closedForms(experiment, columns))
    if (kept !== theory) store.setState({ theory: kept })
  }
  const follow = () => {
    const { experiment, columns } = store.getState()
    const now = [
      experiment,
      columns,
      columns.A.hessian.version,
      columns.A.kernel.version,
      columns.B.hessian.version,
      columns.B.kernel.version,
      columns.A.gradientNorms.version,
      columns.B.gradientNorms.version,
    ]
    if (now.length === known.length && now.every((value, index) => value === known[index])) return
    const urgent = known[0] !== experiment || known[1] !== columns
    known = now
    if (closedForms === null) return
    if (urgent) {
      if (timer !== null) clearTimeout(timer)
      // In a task of its own: whoever changed the experiment has a page to render.
      timer = setTimeout(compute, 0)
    } else timer ??= setTimeout(compute, PAUSE_MS)
  }
  store.subscribe(follow)
  // The page stands without theory; its code comes when everything else is there.
  void load()

  async function load(): Promise<void> {
    try {
      closedForms = (await import('../theoryCurves.ts')).theoryCurves
      compute()
    } catch {
      // Without it the curves are missing, and nothing else.
    }
  }
}
