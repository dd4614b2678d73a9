// What goes with a data set? The loss that fits its targets, its usual size, and which of the settings it reads at all.
//
// A number that a hand has changed stays; one that stands where the set before had it moves to where the new set has it.
import type { DataSettings, Experiment, LossSettings, ModelSettings } from '../../core/experiment.ts'
import { hasClasses, hasSigns, hasTwoClasses } from '../../core/experimentRules.ts'

type Kind = DataSettings['kind']
type Usual = Pick<DataSettings, 'trainCount' | 'testCount' | 'inputs' | 'outputs' | 'noise'>

const LARGE: Usual = { trainCount: 10_000, testCount: 2_000, inputs: 20, outputs: 1, noise: 0 }
const USUAL: Readonly<Partial<Record<Kind, Usual>>> = {
  // Source: GC Figure 1: 100 points, 120 parameters; what is noise cannot be tested.
  gaussian: { ...LARGE, trainCount: 100, testCount: 0, inputs: 120 },
  sphere: { ...LARGE, trainCount: 1000, testCount: 500 },
  // No more points than dimensions are orthogonal; random signs cannot be tested.
  orthogonal: { ...LARGE, trainCount: 100, testCount: 0, inputs: 100 },
  line: { ...LARGE, trainCount: 20, testCount: 200 },
}

/** True where a sample has rows and columns. */
export function isImages({ kind, file }: Pick<DataSettings, 'kind' | 'file'>): boolean {
  return kind === 'fashionMnist' || kind === 'digits' || (kind === 'file' && file !== null && file.width > 1)
}

/** True where a model of this kind can learn the set. */
export function fitsModel(kind: Kind, model: ModelSettings['kind']): boolean {
  if (model === 'chain') return kind === 'point' || kind === 'line'
  return model === 'mlp' || kind === 'fashionMnist' || kind === 'digits' || kind === 'file'
}

/** Fields to set together with the kind of data, so that no rule has to give way and nothing absurd is run. */
export function fieldsForData(kind: Kind, { data, model }: Experiment): Readonly<Record<string, unknown>> {
  const before = USUAL[data.kind] ?? LARGE
  const after = USUAL[kind] ?? LARGE
  const moved = movedSizes(data, before, after)
  const asked = { ...data, ...moved }
  // Points beyond the dimension do not exist, so there the usual size wins over a hand's.
  const sizes = kind === 'orthogonal' && asked.trainCount + asked.testCount > asked.inputs ? after : moved
  const targets = model.kind === 'cnn' && model.family === 'imageToImage' ? 'inputs' : 'labels'
  return {
    'data.kind': kind,
    'data.targets': targets,
    'loss.kind': usualLoss({ ...data, kind, targets }),
    ...Object.fromEntries(Object.entries(sizes).map(([name, value]) => [`data.${name}`, value])),
  }
}

function movedSizes(data: DataSettings, before: Usual, after: Usual): Partial<Usual> {
  const names = (Object.keys(after) as (keyof Usual)[]).filter((name) => data[name] === before[name] && data[name] !== after[name])
  return Object.fromEntries(names.map((name) => [name, after[name]]))
}

/** Fields to set together with the targets. */
export function fieldsForTargets(targets: DataSettings['targets'], data: DataSettings): Readonly<Record<string, unknown>> {
  return { 'data.targets': targets, 'loss.kind': usualLoss({ ...data, targets }) }
}

/** Cross-entropy for classes, logistic for signs, else the squared error. */
export function usualLoss(data: DataSettings): LossSettings['kind'] {
  if (hasClasses(data)) return 'softmaxCrossEntropy'
  return hasSigns(data) ? 'logistic' : 'squaredError'
}

/** Why a loss does not exist on these data, in words for a choice; null where it does. */
export function lossObstacle(kind: LossSettings['kind'], data: DataSettings): string | null {
  const isEither = hasTwoClasses(data) && data.targets !== 'inputs'
  if (kind === 'softmaxCrossEntropy' && !hasClasses(data) && !isEither) return 'needs classes'
  if (kind === 'logistic' && !hasSigns(data) && !isEither) return 'needs targets ±1'
  return null
}

/** Fields to set together with a loss: two classes are one number for the logistic loss, and two for cross-entropy. */
export function fieldsForLoss(kind: LossSettings['kind'], data: DataSettings): Readonly<Record<string, unknown>> {
  if (!hasTwoClasses(data) || data.targets === 'inputs' || kind === 'squaredError') return { 'loss.kind': kind }
  return { 'data.targets': kind === 'logistic' ? 'signs' : 'labels', 'loss.kind': kind }
}

/** Which settings this kind of data reads. */
export interface DataFields {
  readonly counts: boolean
  readonly side: boolean
  readonly scaling: boolean
  readonly inputs: boolean
  readonly outputs: boolean
  /** Name of what the noise does; null where there is none. */
  readonly noise: string | null
  readonly targets: boolean
}

/** The settings of a kind; everything else is not shown. */
export function dataFields(kind: Kind): DataFields {
  const images = kind === 'fashionMnist' || kind === 'digits' || kind === 'file'
  const single = kind === 'point' || kind === 'line'
  const regression = kind === 'teacher' || kind === 'linearTeacher' || kind === 'gaussian'
  return {
    counts: kind !== 'point',
    side: kind === 'fashionMnist',
    scaling: images,
    inputs: !images && !single,
    outputs: regression,
    noise: noiseName(kind),
    targets: !single,
  }
}

function noiseName(kind: Kind): string | null {
  switch (kind) {
    case 'mixture':
      return 'Blur of the clouds'
    case 'sphere':
      return 'Blur of the border'
    case 'teacher':
    case 'linearTeacher':
    case 'gaussian':
    case 'line':
      return 'Target noise'
    case 'fashionMnist':
    case 'digits':
    case 'file':
    case 'point':
    case 'orthogonal':
      return null
    default:
      return kind satisfies never
  }
}
