// One small network on the GPU, ready to be measured, and the same network in float64.
//
// Weights and data are float32 numbers, so that both sides see exactly the same problem.
import type { Dataset, SplitArrays } from '../../../src/core/dataset.ts'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import { parameterCount, type DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import type { Tile } from '../../../src/engine/fused/kernelShape.ts'
import { createFusedProbe, type FusedProbe } from '../../../src/engine/fused/fusedProbe.ts'
import type { FusedProbeContext, ResidentRows } from '../../../src/engine/fused/fusedProbeContext.ts'
import { fusedLayout, packParameters, packRows } from '../../../src/engine/fused/layout.ts'
import { OwnedBuffers } from '../../../src/engine/fused/ownedBuffers.ts'
import type { WorkBudget } from '../../../src/engine/fused/workPieces.ts'
import { layerInfo } from '../../../src/engine/layerInfo.ts'
import { denseSpec, normals, randomDataset, type SpecChoices } from '../reference/problems.ts'
import { withBlocks, type Blocks } from './blocks.ts'

export interface ProbeProblem {
  readonly widths: readonly number[]
  readonly choices?: SpecChoices
  readonly blocks?: Blocks
  /** Weights are gain N(0, 1/fanIn), biases a tenth of N(0, 1), gammas and betas of norms 1 and 0 and a third of N(0, 1). */
  readonly gain: number
  /** Factor of all gammas. */
  readonly gammas?: number
  /** One row per thread where absent: it compiles fastest. */
  readonly tile?: Tile
  readonly samples?: number
  readonly budget?: WorkBudget
}

export interface ProbeFixture {
  readonly spec: DenseNetworkSpec
  readonly dataset: Dataset
  readonly context: FusedProbeContext
  readonly probe: FusedProbe
  readonly reference: Probe
  readonly parameterCount: number
  /** Puts other weights into the network that the probe follows (not the reference). */
  setWeights(weights: Float64Array): void
  destroy(): void
}

/** Samples of the data and of the probe set. */
export const SAMPLES = 45
export const PROBE_SAMPLES = 40

export function probeFixture(opened: OpenedDevice, problem: ProbeProblem): ProbeFixture {
  const { widths } = problem
  const plainSpec = denseSpec(widths, problem.choices)
  const spec = problem.blocks === undefined ? plainSpec : withBlocks(plainSpec, problem.blocks)
  const layout = fusedLayout(spec)
  const count = problem.samples ?? SAMPLES
  const plain = randomDataset(count, widths[0], widths[widths.length - 1], spec.loss.kind)
  const rounded: SplitArrays = {
    ...plain.train,
    inputs: Float32Array.from(plain.train.inputs),
    targets: Float32Array.from(plain.train.targets),
  }
  const dataset: Dataset = { ...plain, train: rounded, test: rounded }
  const weights = startWeights(spec, problem.gain, problem.gammas ?? 1)
  const owned = new OwnedBuffers(opened.device)
  // The second of two seeds: a probe must find its own block.
  const parameterOffset = 16 * layout.seedQuads
  const parameters = owned.create(2 * parameterOffset)
  const setWeights = (flat: Float64Array): void => {
    const packed = new Float32Array(4 * layout.seedQuads)
    packParameters(spec, layout, flat, packed)
    opened.device.queue.writeBuffer(parameters, parameterOffset, packed)
  }
  setWeights(weights)
  const rows: ResidentRows = {
    count,
    inputs: owned.filled(Float32Array.from(packRows(rounded.inputs, count, layout.inputWidth, layout.inQuads))),
    targets: owned.filled(Float32Array.from(packRows(rounded.targets, count, layout.outputWidth, layout.quads))),
  }
  const context: FusedProbeContext = {
    opened,
    spec,
    layout,
    dataset,
    probeCount: PROBE_SAMPLES,
    layers: layerInfo(spec),
    seedIndex: 1,
    parameters,
    parameterOffset,
    train: rows,
    test: () => rows,
    tile: problem.tile ?? { rows: 8, rowsPerThread: 1 },
    readParameters: async () => weights,
    secondMoments: async () => null,
  }
  const probe = createFusedProbe(context, problem.budget)
  const options = { spec, dataset, probeCount: PROBE_SAMPLES, optimizer: DEFAULT_OPTIMIZER, initialWeights: [weights], reason: '' }
  return {
    spec,
    dataset,
    context,
    probe,
    reference: createFloat64Trainer(options).probe(0),
    parameterCount: parameterCount(spec),
    setWeights,
    destroy() {
      probe.destroy()
      owned.destroy()
    },
  }
}

function startWeights(spec: DenseNetworkSpec, gain: number, gammas: number): Float64Array {
  const weights = normals(parameterCount(spec), 'weights')
  let at = 0
  for (const layer of spec.layers) {
    const matrixEnd = at + layer.fanIn * layer.fanOut
    // In the NTK parameterization the root stands in the forward pass.
    const scale = gain / (Math.sqrt(layer.fanIn) * layer.forwardScale)
    for (; at < matrixEnd; at++) weights[at] = Math.fround(weights[at] * scale)
    if (layer.bias) for (const end = at + layer.fanOut; at < end; at++) weights[at] = Math.fround(weights[at] * 0.1)
    if (layer.norm === undefined) continue
    for (const end = at + layer.fanOut; at < end; at++) weights[at] = Math.fround(gammas * (1 + weights[at] * 0.33))
    for (const end = at + layer.fanOut; at < end; at++) weights[at] = Math.fround(weights[at] * 0.33)
  }
  return weights
}
