// Which fields of an experiment must fit each other, and which one gives way?
//
// The model stays and what it cannot use gives way (data before loss), because the model is what a reader asked for.
// Each rule only ever writes valid values, so that a repaired experiment passes all rules again unchanged.
import { depthOfModel } from './convolutionalLayers.ts'
import type { ArmDifference, DataSettings, Experiment, OptimizerChange } from './experiment.ts'
import type { Notice, Report } from './repairValue.ts'
import { armExperiment, armsOf } from './resolve.ts'

const ONE_DIMENSIONAL: ReadonlySet<Experiment['data']['kind']> = new Set(['point', 'line'])
const WITH_CLASSES: ReadonlySet<Experiment['data']['kind']> = new Set(['fashionMnist', 'digits', 'mixture'])
const WITH_SIGNS: ReadonlySet<Experiment['data']['kind']> = new Set(['sphere', 'orthogonal'])

/** True where targets are classes, so that softmax cross-entropy exists. */
export function hasClasses(data: DataSettings): boolean {
  if (data.targets !== 'labels') return false
  return data.kind === 'file' ? (data.file?.classes ?? 0) > 0 : WITH_CLASSES.has(data.kind)
}

/** True where every target is -1 or 1, which is what the logistic loss needs. */
export function hasSigns(data: DataSettings): boolean {
  return data.targets === 'signs' || (data.targets === 'labels' && WITH_SIGNS.has(data.kind))
}

/** True for a file of two classes, which may be one output of -1 or 1 as well as two outputs. */
export function hasTwoClasses({ kind, file }: Pick<DataSettings, 'kind' | 'file'>): boolean {
  return kind === 'file' && file?.classes === 2
}

/** True where inputs and targets are single numbers, which is what a chain needs. */
export function isOneDimensional(kind: Experiment['data']['kind']): boolean {
  return ONE_DIMENSIONAL.has(kind)
}

/** The experiment with all combinations made possible; one notice per field that gave way. */
export function repairCombinations(experiment: Experiment, report: Report): Experiment {
  return [
    chainNeedsNumbers,
    linearisedOfArmA,
    chainOfArmB,
    depthOfBlocks,
    fileThatIsNamed,
    classesOrNumbers,
    signsOfTwoClasses,
    imageToImageNeedsImages,
    orthogonalPointsThatExist,
    softmaxNeedsClasses,
    logisticNeedsSigns,
    differenceThatDiffers,
    changesInOrder,
  ].reduce((now, rule) => rule(now, report), experiment)
}

function chainNeedsNumbers(experiment: Experiment, report: Report): Experiment {
  const { data, model } = experiment
  if (model.kind !== 'chain' || isOneDimensional(data.kind)) return experiment
  report(combination('data.kind', data.kind, 'point', 'point or line for a chain', 'A chain has one number in and one number out'))
  return { ...experiment, data: { ...data, kind: 'point' } }
}

/** Shape and start are arm A's: the linearisation of another network would stand beside nothing. */
function linearisedOfArmA(experiment: Experiment, report: Report): Experiment {
  const { versus } = experiment
  if (versus?.linearised !== true) return experiment
  const { model, init, ...kept } = versus
  const own = Object.entries({ model, init }).filter(([, part]) => part !== undefined && Object.keys(part).length > 0)
  if (own.length === 0) return experiment
  for (const [name] of own) {
    const expected = 'no settings of its own for a linearised arm B'
    report(combination(`versus.${name}`, 'settings of its own', 'nothing', expected, "The linearised arm B has arm A's network and start"))
  }
  return { ...experiment, versus: kept }
}

function chainOfArmB(experiment: Experiment, report: Report): Experiment {
  const { versus, data } = experiment
  if (versus?.model?.kind !== 'chain' || isOneDimensional(data.kind)) return experiment
  const { kind, ...model } = versus.model
  report(
    combination('versus.model.kind', kind, 'nothing', `a model that can learn ${data.kind}`, `Arm B cannot be a chain on ${data.kind}`),
  )
  return { ...experiment, versus: { ...versus, model } }
}

/** A list of blocks says how many layers there are; a depth beside it would be shown and not be true. */
function depthOfBlocks(experiment: Experiment, report: Report): Experiment {
  const why = 'The depth follows from the blocks'
  const { model, versus } = experiment
  const depth = depthOfModel(model)
  const repaired = depth === model.depth ? experiment : { ...experiment, model: { ...model, depth } }
  if (repaired !== experiment) report(combination('model.depth', `${model.depth}`, `${depth}`, `${depth} for blocks ${model.blocks}`, why))
  if (versus?.model === undefined) return repaired
  const own = armExperiment(repaired, 'B').model
  const ownDepth = depthOfModel(own)
  if (ownDepth === own.depth) return repaired
  report(combination('versus.model.depth', `${own.depth}`, `${ownDepth}`, `${ownDepth} for blocks ${own.blocks}`, why))
  return { ...repaired, versus: { ...versus, model: { ...versus.model, depth: ownDepth } } }
}

function fileThatIsNamed(experiment: Experiment, report: Report): Experiment {
  const { data } = experiment
  if (data.kind !== 'file' || data.file !== null) return experiment
  report(combination('data.kind', data.kind, 'fashionMnist', 'a file that data.file names', 'No file is named'))
  return { ...experiment, data: { ...data, kind: 'fashionMnist' } }
}

function classesOrNumbers(experiment: Experiment, report: Report): Experiment {
  const { data } = experiment
  if (data.file === null || data.file.outputs === undefined || data.file.classes === 0) return experiment
  const { outputs, ...file } = data.file
  report(
    combination(
      'data.file.outputs',
      `${outputs}`,
      'nothing',
      'no number of outputs beside classes',
      'A file of classes has no numbers to predict',
    ),
  )
  return { ...experiment, data: { ...data, file } }
}

function signsOfTwoClasses(experiment: Experiment, report: Report): Experiment {
  const { data } = experiment
  if (data.targets !== 'signs' || hasTwoClasses(data)) return experiment
  report(
    combination('data.targets', data.targets, 'labels', 'labels or inputs', 'Only a file of two classes becomes one number of -1 or 1'),
  )
  return { ...experiment, data: { ...data, targets: 'labels' } }
}

/** Both arms learn the same targets, so one image-to-image arm decides for both. */
function imageToImageNeedsImages(experiment: Experiment, report: Report): Experiment {
  const { data } = experiment
  const arms = armsOf(experiment).map((name) => armExperiment(experiment, name).model)
  const asked = arms.some(({ kind, family }) => kind === 'cnn' && family === 'imageToImage')
  if (!asked || data.targets === 'inputs') return experiment
  const why = 'An image-to-image network gives images back'
  report(combination('data.targets', data.targets, 'inputs', 'inputs for an image-to-image network', why))
  return { ...experiment, data: { ...data, targets: 'inputs' } }
}

/** Training points come first, because a run needs them. */
function orthogonalPointsThatExist(experiment: Experiment, report: Report): Experiment {
  const { data } = experiment
  if (data.kind !== 'orthogonal' || data.trainCount + data.testCount <= data.inputs) return experiment
  const trainCount = Math.min(data.trainCount, data.inputs)
  const testCount = Math.min(data.testCount, data.inputs - trainCount)
  const why = `In ${data.inputs} dimensions no more than ${data.inputs} points are orthogonal`
  for (const [name, given, used] of [
    ['trainCount', data.trainCount, trainCount],
    ['testCount', data.testCount, testCount],
  ] as const) {
    const expected = `at most ${data.inputs} orthogonal points in all`
    if (given !== used) report(combination(`data.${name}`, `${given}`, `${used}`, expected, why))
  }
  return { ...experiment, data: { ...data, trainCount, testCount } }
}

function softmaxNeedsClasses(experiment: Experiment, report: Report): Experiment {
  const { data, loss } = experiment
  if (loss.kind !== 'softmaxCrossEntropy' || hasClasses(data)) return experiment
  const why = data.targets === 'inputs' ? 'Targets that are the inputs are no classes' : `The data set ${data.kind} has no classes`
  report(combination('loss.kind', loss.kind, 'squaredError', `squaredError on ${data.kind}`, why))
  return { ...experiment, loss: { ...loss, kind: 'squaredError' } }
}

function logisticNeedsSigns(experiment: Experiment, report: Report): Experiment {
  const { data, loss } = experiment
  if (loss.kind !== 'logistic' || hasSigns(data)) return experiment
  const why = 'The logistic loss needs targets of -1 and 1'
  report(combination('loss.kind', loss.kind, 'squaredError', 'logistic on sphere, orthogonal, or signs of a file of two classes only', why))
  return { ...experiment, loss: { ...loss, kind: 'squaredError' } }
}

function differenceThatDiffers(experiment: Experiment, report: Report): Experiment {
  if (experiment.versus === null) return experiment
  if (Object.values(experiment.versus).some(isEmptyPart))
    return differenceThatDiffers({ ...experiment, versus: withoutEmptyParts(experiment.versus) }, report)
  const a = armExperiment(experiment, 'A')
  const b = armExperiment(experiment, 'B')
  const sameParts = (['model', 'init', 'optimizer'] as const).every((part) => sameFields(a[part], b[part]))
  const same = sameParts && a.batch === b.batch && b.linearised !== true
  if (!same) return experiment
  report(
    combination('versus', 'no difference', 'null', 'at least one field that differs from arm A', 'Arm B would be the same run as arm A'),
  )
  return { ...experiment, versus: null }
}

function changesInOrder(experiment: Experiment, report: Report): Experiment {
  let changes: readonly OptimizerChange[] = experiment.changes
  if (experiment.versus === null && changes.some((change) => change.arm === 'B')) {
    report(combination('changes', 'a change of arm B', 'the changes of arm A', 'changes of arm A only', 'There is no arm B'))
    changes = changes.filter((change) => change.arm === 'A')
  }
  const last = new Map<string, OptimizerChange>()
  for (const change of changes) last.set(`${change.step} ${change.arm}`, change)
  if (last.size < changes.length) {
    report(
      combination(
        'changes',
        `${changes.length} changes`,
        `${last.size} changes`,
        'one change for each arm and step',
        'Some changes stand at the same step',
      ),
    )
    changes = changes.filter((change) => last.get(`${change.step} ${change.arm}`) === change)
  }
  if (changes.some((change, index) => index > 0 && change.step < changes[index - 1].step)) {
    report(
      combination('changes', 'another order', 'the order of steps', 'ascending steps', 'The changes were not in the order of their steps'),
    )
    changes = changes.toSorted((a, b) => a.step - b.step)
  }
  return changes === experiment.changes ? experiment : { ...experiment, changes: [...changes] }
}

function isEmptyPart(part: unknown): boolean {
  return part === undefined || (typeof part === 'object' && part !== null && Object.keys(part).length === 0)
}

/** `optimizer: {}` says nothing, so no notice is due; without it equal differences look equal. */
function withoutEmptyParts(versus: ArmDifference): ArmDifference {
  return Object.fromEntries(Object.entries(versus).filter(([, part]) => !isEmptyPart(part)))
}

function sameFields(a: object, b: object): boolean {
  const other = b as Readonly<Record<string, unknown>>
  return Object.entries(a).every(([key, value]) => Object.is(value, other[key]))
}

function combination(path: string, given: string, used: string, expected: string, why: string): Notice {
  return {
    path,
    problem: 'combination',
    given,
    used,
    expected,
    text: `${why}; for ${path} ${used === 'nothing' ? 'no value' : used} is used.`,
  }
}
