// How large must the sum of a batch's gradients be, if only the diversity of its samples decides?
//
// Drawn in units of B M^2, what B unrelated gradients would give: 1 while larger batches still pay, B / (n Delta) where they
// only repeat themselves. The bound n Delta is where the two meet.
import type { BatchSums } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { curveThrough } from './curveShape.ts'
import { batchSumSquare } from './diversityExpectation.ts'
import { hypothesis } from './hypothesis.ts'

/**
 * Expected |batch sum|^2 / (B M^2) over the batch size, without and with replacement; nothing where all gradients are zero.
 *
 * @param diversity Delta of the n samples from which the batches were drawn; Infinity where they cancel.
 * @param isCoupled batch norm in training mode: gradients of a batch are no sums of gradients of samples.
 */
export function batchSumCurves(sums: BatchSums, samples: number, diversity: number | null, isCoupled: boolean): readonly TheoryCurve[] {
  if (diversity === null || !(sums.meanSquare > 0)) return []
  const source = 'Yin et al. 2018, section 3; Chen et al. 2018, Lemma 1'
  const sizes = Float64Array.from({ length: 41 }, (_, k) => samples ** (k / 40))
  const share = (size: number, withReplacement: boolean): number => batchSumSquare(size, samples, 1, diversity, withReplacement) / size
  const apart = hypothesis('samples do not share a batch norm', !isCoupled)
  return [
    curveThrough(
      {
        id: 'diversity.batchSum',
        label: 'expected',
        source,
        axis: 'batch',
        hypotheses: [apart, hypothesis('no sample twice in a batch', true)],
      },
      sizes,
      (size) => share(size, false),
    ),
    curveThrough(
      {
        id: 'diversity.batchSumWithReplacement',
        label: 'expected, drawn with replacement',
        source,
        axis: 'batch',
        hypotheses: [apart, hypothesis('batches drawn with replacement', false, 'these are not')],
      },
      sizes,
      (size) => share(size, true),
    ),
  ]
}
