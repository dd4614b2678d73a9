// Is depth almost free? The fused engine against its peers, and against its own promises.
import { isWanted } from './benchArguments.ts'
import { fusedProductsTable } from './fusedProducts.ts'
import { jsTimeTable, rangeCostTable } from './fusedOverheads.ts'
import { fusedSeedsTable } from './fusedSeeds.ts'
import { fusedStepsTable } from './fusedSteps.ts'
import { NO_GPU_NOTE, type BenchContext, type BenchSection } from './section.ts'

/** Steps, seeds, products, range and JavaScript of the fused engine. */
export const benchFused: BenchSection = async function* fused(context: BenchContext) {
  const { gpu } = context
  if (gpu === null) {
    yield { title: 'The fused engine', columns: ['what'], rows: [], notes: [NO_GPU_NOTE] }
    return
  }
  yield await fusedStepsTable(context, gpu)
  for (const [name, table] of [
    ['seeds', fusedSeedsTable],
    ['Hessian-vector products', fusedProductsTable],
    ['extended range', rangeCostTable],
    ['JavaScript of a step', jsTimeTable],
  ] as const) {
    if (!isWanted(context.options, name)) continue
    context.progress(name)
    yield await table(context, gpu)
  }
}
