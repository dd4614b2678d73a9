// Is depth almost free? The fused engine against its peers, and against its own promises.
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
  yield await fusedSeedsTable(context, gpu)
  yield await fusedProductsTable(context, gpu)
  yield await rangeCostTable(context, gpu)
  yield await jsTimeTable(context, gpu)
}
