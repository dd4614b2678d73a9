// What becomes of the experiment when somebody accepts files of their own? Data, loss and counts that fit, and everything else as it was.
//
// Page and command line ask here, so that the same files give the same experiment.
import { DEFAULT_MLP } from './defaults.ts'
import type { Experiment, OwnFile } from './experiment.ts'
import { hasClasses } from './experimentRules.ts'
import { LIMITS } from './limits.ts'
import type { OwnFilePreview } from './ownFilePreview.ts'

/** Half of what one array on a GPU may hold, so that there is room for everything else. */
const LARGEST_SPLIT_BYTES = 64 * 2 ** 20

/** The part of a preview that an experiment depends on. */
export type Accepted = Pick<OwnFilePreview, 'file' | 'targets' | 'trainable' | 'testable'>

/** The experiment on the accepted files: a chain, which knows single numbers only, becomes an MLP. */
export function withOwnFile(before: Experiment, preview: Accepted): Experiment {
  const { file, targets } = preview
  const chain = before.model.kind === 'chain'
  const base: Experiment = chain ? { ...DEFAULT_MLP, seed: before.seed, engine: before.engine } : before
  const isVector = file.width === 1
  const isImageToImage = base.model.kind === 'cnn' && base.model.family === 'imageToImage'
  const data: Experiment['data'] = {
    ...base.data,
    ...fittingCounts(preview),
    kind: 'file',
    file,
    targets: targets === 'none' || isImageToImage ? 'inputs' : 'labels',
    // Columns of a table have units of their own.
    scaling: isVector ? 'standardised' : 'unit',
    noise: 0,
  }
  const classes = hasClasses(data)
  // Who had chosen the squared error on classes keeps it.
  const kept = classes && hasClasses(base.data) ? base.loss.kind : null
  const kind = kept ?? (classes ? 'softmaxCrossEntropy' : 'squaredError')
  return { ...base, data, loss: { ...base.loss, kind } }
}

/** As many samples as there are, as the limits allow, and as fit into one array, in the proportion of the split. */
export function fittingCounts({ file, trainable, testable }: Pick<OwnFilePreview, 'file' | 'trainable' | 'testable'>): {
  readonly trainCount: number
  readonly testCount: number
} {
  const numbersPerRow = file.channels * file.height * file.width + Math.max(1, file.classes, file.outputs ?? 1)
  const rows = Math.max(2, Math.floor(LARGEST_SPLIT_BYTES / (4 * numbersPerRow)))
  const mostTest = Math.floor(rows / 6)
  return {
    trainCount: Math.max(1, rounded(Math.min(trainable, LIMITS.trainCount.max, rows - mostTest), trainable)),
    testCount: rounded(Math.min(testable, LIMITS.testCount.max, mostTest), testable),
  }
}

/** Hundreds, where not everything is taken anyway. */
function rounded(count: number, all: number): number {
  return count === all || count < 200 ? count : count - (count % 100)
}

/** A file and the first digits of its digest, as a sentence names it. */
export function fileInWords({ name, sha256 }: OwnFile): string {
  return `${name} (SHA-256 ${sha256.slice(0, 8)}…)`
}

/** Rows, columns and channels in a few words. */
export function shapeInWords({ channels, height, width }: OwnFile): string {
  if (width === 1) return height === 1 ? '1 number' : `${height} numbers`
  return channels === 1 ? `${height} × ${width}` : `${height} × ${width}, ${channels} channels`
}
