// Does this experiment fit, and what is the nearest that does?
//
// Estimated before anything is allocated, from shapes alone. Generous on purpose: an experiment that is refused costs one
// sentence, one that runs out of memory costs the GPU process or the tab.
import { armExperiment, armsOf, networkSpec, type DataShape } from './resolve.ts'
import type { Experiment, OwnFile } from './experiment.ts'
import type { Fault } from './faults.ts'
import { largestThatFits } from './largestThatFits.ts'
import { isDenseNetwork, isWeighted, networkWidths, outputWidthOf, parameterCount, type NetworkSpec } from './networkSpec.ts'
import type { Bytes } from './units.ts'

export interface Footprint {
  readonly bytes: Bytes
  readonly largestBuffer: Bytes
}

/** What a tab may hold at all, and what WebGPU guarantees for one buffer. */
export const FOOTPRINT_LIMITS: Footprint = { bytes: 1.5 * 2 ** 30, largestBuffer: 128 * 2 ** 20 }

const FLOAT64 = 8
const FLOAT32 = 4
const CLASSES = 10
const LANCZOS_BASIS_LIMIT: Bytes = 128 * 2 ** 20
/** Activation, preactivation, delta and two of their tangents per layer. */
const COPIES_PER_ACTIVATION = 5
/** An engine that takes a large set in pieces holds at most about this much of it at once, and never less than one piece of so many rows. */
const PIECE_BYTES: Bytes = 512 * 2 ** 20
const PIECE_ROWS = 64
/** With batch norm: its own arrays as well, and no pass can be cut into pieces, so that images on frames live beside all the others. */
const COPIES_OF_WHOLE_SET = 12

/** Shape of the samples of an experiment, as the loader will give them. */
export function dataShape(data: Experiment['data']): DataShape {
  const shape = labelledShape(data)
  if (data.targets === 'inputs') return { ...shape, outputWidth: shape.inputWidth }
  return data.targets === 'signs' ? { ...shape, outputWidth: 1 } : shape
}

function labelledShape(data: Experiment['data']): DataShape {
  const vectors = (inputWidth: number, outputWidth: number): DataShape => ({ inputWidth, outputWidth, imageShape: null })
  switch (data.kind) {
    case 'fashionMnist':
      return { inputWidth: data.side * data.side, outputWidth: CLASSES, imageShape: [1, data.side, data.side] }
    case 'digits':
      return { inputWidth: 64, outputWidth: CLASSES, imageShape: [1, 8, 8] }
    case 'teacher':
    case 'linearTeacher':
    case 'gaussian':
      return vectors(data.inputs, data.outputs)
    case 'mixture':
      return vectors(data.inputs, CLASSES)
    case 'sphere':
    case 'orthogonal':
      return vectors(data.inputs, 1)
    case 'point':
    case 'line':
      return vectors(1, 1)
    case 'file':
      return fileShape(data.file)
    default:
      return data.kind satisfies never
  }
}

/** A file of one number a sample while none is named; a single column is a vector. */
function fileShape(file: OwnFile | null): DataShape {
  if (file === null) return { inputWidth: 1, outputWidth: 1, imageShape: null }
  const { channels, height, width, classes, outputs = 1 } = file
  const isImage = width > 1
  return {
    inputWidth: channels * height * width,
    outputWidth: classes > 0 ? classes : outputs,
    imageShape: isImage ? [channels, height, width] : null,
  }
}

/** Bytes of everything that lives at once during a run, and of the largest single array of a network engine. */
export function footprint(experiment: Experiment): Footprint {
  const widths = dataShape(experiment.data)
  const rows = experiment.data.kind === 'point' ? 1 : experiment.data.trainCount + experiment.data.testCount
  const data = rows * (widths.inputWidth + widths.outputWidth) * FLOAT32
  let bytes = 2 * data
  let largestBuffer = 0
  for (const name of armsOf(experiment)) {
    const arm = armExperiment(experiment, name)
    const own = armFootprint(arm, networkSpec(arm, widths))
    bytes += own.bytes
    // A chain never goes to a GPU, so its arrays know no such bound.
    if (arm.model.kind !== 'chain') largestBuffer = Math.max(largestBuffer, data, own.largestBuffer)
  }
  return { bytes, largestBuffer }
}

function armFootprint(arm: Experiment, spec: NetworkSpec): Footprint {
  const parameters = parameterCount(spec)
  const { probeCount, lanczosSteps, lanczosProbes } = arm.diagnostics
  const slots = { sgd: 0, perturbed: 0, momentum: 1, nesterov: 1, rmsprop: 1, adam: 2 }[arm.optimizer.kind]
  // Start, weights and gradient; two checkpoints on the page with weights and slots.
  const training = arm.seeds * parameters * FLOAT64 * (3 + slots + 2 * (1 + slots))
  const units = spec.layers.reduce((sum, layer) => sum + outputWidthOf(layer), 0)
  const whole = needsWholeSet(spec)
  const samples = whole ? rowsOfWholeSet(arm) : Math.max(rowsOfStep(arm), probeCount, arm.diagnostics.pairBatch)
  const ofSample = units * FLOAT64 * (whole ? COPIES_OF_WHOLE_SET : COPIES_PER_ACTIVATION)
  const atOnce = takesPieces(arm, spec) ? Math.min(samples, Math.max(PIECE_ROWS, Math.floor(PIECE_BYTES / ofSample))) : samples
  const activations = atOnce * ofSample
  const outputs = probeCount * networkWidths(spec).outputWidth
  const kernel = 3 * FLOAT64 * Math.min(outputs, 1024) ** 2
  const basis = Math.min(LANCZOS_BASIS_LIMIT, FLOAT64 * parameters * lanczosSteps * lanczosProbes)
  const widest = Math.max(...spec.layers.map(outputWidthOf))
  return {
    bytes: training + activations + kernel + basis,
    largestBuffer: Math.max(parameters * FLOAT32, atOnce * widest * FLOAT32),
  }
}

/** True where whatever engine trains takes a batch in pieces: `network` alone holds it whole, and uneven or convolutional stacks may go there. */
function takesPieces({ engine, model }: Experiment, spec: NetworkSpec): boolean {
  if (needsWholeSet(spec) || engine === 'network') return false
  if (engine === 'float64' || model.kind === 'chain') return true
  const [first, ...others] = spec.layers.slice(0, -1).map(outputWidthOf)
  return isDenseNetwork(spec) && spec.fixedOutput !== true && others.every((width) => width === first)
}

/** True where batch norm looks at all samples of a set at once. */
function needsWholeSet(spec: NetworkSpec): boolean {
  return spec.layers.some((layer) => isWeighted(layer) && layer.norm?.kind === 'batch' && layer.norm.frozen === null)
}

/** Rows of a training step: a network engine takes the batches of all seeds in one pass, a chain engine one seed at a time. */
function rowsOfStep({ model, data, batch, seeds }: Experiment): number {
  return (model.kind === 'chain' ? 1 : seeds) * Math.min(batch, data.trainCount)
}

/** Rows of the largest single pass: the batch of all seeds, the probe set, or the two batches of a pair. */
function rowsOfWholeSet(arm: Experiment): number {
  const { data } = arm
  const { probeCount, pairBatch } = arm.diagnostics
  return Math.max(rowsOfStep(arm), Math.min(probeCount, data.trainCount), 2 * Math.min(pairBatch, data.trainCount))
}

/** Null when the experiment fits, else the refusal in words, with the nearest experiment that fits. */
export function refusalOf(experiment: Experiment, limits: Footprint = FOOTPRINT_LIMITS): Extract<Fault, { type: 'refused' }> | null {
  const own = footprint(experiment)
  if (fits(own, limits)) return null
  const [bytes, limit] = own.bytes > limits.bytes ? [own.bytes, limits.bytes] : [own.largestBuffer, limits.largestBuffer]
  const nearest = nearestThatFits(experiment, limits)
  return {
    type: 'refused',
    bytes,
    limit,
    nearest,
    detail: `This experiment needs ${readable(bytes)}, more than the ${readable(limit)} that are safe here. The nearest that fits: ${nearest}.`,
  }
}

const fits = (own: Footprint, limits: Footprint) => own.bytes <= limits.bytes && own.largestBuffer <= limits.largestBuffer

type Candidate = readonly [name: string, from: number, change: (value: number) => Experiment]

function hasBatchNorm(experiment: Experiment): boolean {
  return armsOf(experiment).some((name) => armExperiment(experiment, name).model.norm === 'batch')
}

/** One number made smaller, the one whose change is the least loss: fewer seeds first, then width, then depth; a batch that batch norm must hold whole before these. */
function nearestThatFits(experiment: Experiment, limits: Footprint): string {
  const { model, versus } = experiment
  const shape = (change: Partial<Experiment['model']>): Experiment => ({
    ...experiment,
    model: { ...model, ...change },
    // Arm B keeps its own number only where that is smaller.
    versus: versus === null ? null : { ...versus, model: { ...versus.model, ...shrunk(versus.model, change) } },
  })
  const byShape: readonly Candidate[] = [
    ['seeds', experiment.seeds, (seeds) => ({ ...experiment, seeds })],
    ['width', Math.max(model.width, versus?.model?.width ?? 0), (width) => shape({ width })],
    // A list of blocks would set the depth again.
    ['depth', Math.max(model.depth, versus?.model?.depth ?? 0), (depth) => shape({ depth, blocks: null })],
  ]
  const smallerBatch: Candidate = ['batch', Math.min(experiment.batch, experiment.data.trainCount), (batch) => ({ ...experiment, batch })]
  const [seeds, ...shapes] = byShape
  const candidates = hasBatchNorm(experiment) ? [seeds, smallerBatch, ...shapes] : [...byShape, smallerBatch]
  for (const [name, from, change] of candidates) {
    const value = largestThatFits(from, (candidate) => fits(footprint(change(candidate)), limits))
    if (value !== null) return `${name} ${value}`
  }
  return 'width 16 and depth 16 with 1 seed'
}

function shrunk(own: Partial<Experiment['model']> | undefined, change: Partial<Experiment['model']>): Partial<Experiment['model']> {
  return {
    ...(own?.width !== undefined && change.width !== undefined ? { width: Math.min(own.width, change.width) } : {}),
    ...(own?.depth !== undefined && change.depth !== undefined ? { depth: Math.min(own.depth, change.depth), blocks: null } : {}),
  }
}

function readable(bytes: Bytes): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.ceil(bytes / 2 ** 20)} MB`
}
