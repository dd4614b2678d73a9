// How large is each layer's gradient, told by the training step that has just formed it?
//
// A bank of gradients (gradientBanks.ts) is summed before it goes, all its tensors in one dispatch: what costs on this engine is
// the dispatch. Tensors are cut into runs, since a few threads on a large one would make a GPU wait. Training carries no powers of two, so the
// sums see what float32 kept; where a layer comes near the ends of its range, or is 0, `gradientNormsProbe.ts` has to be asked.
import { dispose, tensor1d, type Tensor } from '@tensorflow/tfjs-core'
import { isWeighted, layerParameterCount, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerNorms } from '../../core/probe.ts'
import type { Milliseconds } from '../../core/units.ts'
import { zeroNorms } from '../blankNorms.ts'
import type { GradientBank } from './gradientBanks.ts'
import { runKernel, type Kernel } from './kernel.ts'

/** Entries of a run, and threads that sum it. */
const RUN = 4096
const THREADS_OF_RUN = 16
/** Squares are of entries times this: ordinary gradients are small. */
const SCALE_EXPONENT = 30
/** Of scaled squares. Largest entries then lie within about 2^-70 .. 2^20, and what float32 lost beside them does not count. */
const SMALLEST_SQUARES = 2 ** -80
const LARGEST_SQUARES = 2 ** 100

/**
 * R: first entry and end of every run; `base`: runs of the banks before. Threads of a run do not meet: the CPU adds up what they
 * leave, because a barrier would cost a software adapter ten times the sum.
 */
const SUMS: Kernel<'runs' | 'base'> = {
  name: 'stepNorms',
  shape: 'blocks',
  inputs: ['G', 'R'],
  uniforms: { runs: 'i32', base: 'i32' },
  body: `
    let run = index / ${THREADS_OF_RUN};
    if (run < uniforms.runs) {
      var sums = vec2<f32>(0.0);
      let end = R[2 * run + 1];
      for (var i = R[2 * run] + index % ${THREADS_OF_RUN}; i < end; i = i + ${THREADS_OF_RUN}) {
        let size = abs(G[i]);
        let scaled = size * ${2 ** SCALE_EXPONENT}.0;
        sums = sums + vec2<f32>(scaled * scaled, size);
      }
      let place = 2 * (uniforms.base * ${THREADS_OF_RUN} + index);
      result[place] = sums.x;
      result[place + 1] = sums.y;
    }`,
}

/** How the banks of a network are cut into runs; made once, on the GPU until it is disposed. */
export class StepNormRuns {
  readonly spec: NetworkSpec
  readonly lanes: number
  /** Per tensor in flat order: [lane][run] of it stand next to each other. */
  readonly runsOfTensor: readonly number[]
  /** Per bank, [runs, 2]: first entry and end. */
  readonly tables: readonly Tensor[]
  /** Tensors of each position in the spec. */
  readonly tensorsOfLayer: ReadonlyMap<number, number>
  readonly count: number

  /** @param lanes of every tensor. */
  constructor(spec: NetworkSpec, banks: readonly GradientBank[], lanes: number) {
    this.spec = spec
    this.lanes = lanes
    const layers = banks.flatMap((bank) => bank.layers)
    this.runsOfTensor = layers.flatMap(({ parts }) => parts.map(({ size }) => Math.ceil(size / lanes / RUN)))
    this.tensorsOfLayer = new Map(layers.map(({ index, parts }) => [index, parts.length]))
    this.tables = banks.map((bank) => tensor1d(Int32Array.from(runsOfBank(bank, lanes)), 'int32'))
    this.count = this.tables.reduce((sum, { size }) => sum + size / 2, 0)
  }

  dispose(): void {
    dispose([...this.tables])
  }
}

/** Sums the gradient of one step, bank by bank. */
export class StepNorms {
  /** Time of this thread so far. */
  duration: Milliseconds = 0
  private readonly runs: StepNormRuns
  private sum: Tensor | null = null
  private bank = 0
  private summed = 0

  constructor(runs: StepNormRuns) {
    this.runs = runs
  }

  /** Sums the next bank. */
  add(gradient: Tensor): void {
    const start = performance.now()
    const table = this.runs.tables[this.bank++]
    const runs = table.size / 2
    const uniforms = { runs, base: this.summed }
    const size = 2 * THREADS_OF_RUN * this.runs.count
    this.sum = runKernel(SUMS, [gradient, table], [size], uniforms, this.sum ?? undefined, runs * THREADS_OF_RUN)
    this.summed += runs
    this.duration += performance.now() - start
  }

  /** What has to be read, once all banks were added; the caller's to dispose. */
  get sums(): Tensor {
    return this.sum!
  }

  /** [lanes] norms from the sums as read; null for a lane that has left the range of the step. */
  normsOf(sums: Float32Array): (LayerNorms | null)[] {
    return Array.from({ length: this.runs.lanes }, (_, lane) => this.normsOfLane(sums, lane))
  }

  private normsOfLane(sums: Float32Array, lane: number): LayerNorms | null {
    const { spec, lanes, runsOfTensor, tensorsOfLayer } = this.runs
    const norms = zeroNorms(spec.layers.filter(isWeighted).length)
    let place = 0
    let tensor = 0
    let base = 0
    for (const [index, layer] of spec.layers.entries()) {
      if (!isWeighted(layer)) continue
      let squares = 0
      let sizes = 0
      for (const end = tensor + tensorsOfLayer.get(index)!; tensor < end; tensor++) {
        // Of a lane they stand next to each other.
        const threads = THREADS_OF_RUN * runsOfTensor[tensor]
        const first = base + lane * threads
        for (let at = first; at < first + threads; at++) {
          squares += sums[2 * at]
          sizes += sums[2 * at + 1]
        }
        base += threads * lanes
      }
      if (!(squares > SMALLEST_SQUARES && squares < LARGEST_SQUARES)) return null
      norms.mantissa[place] = Math.sqrt(squares)
      norms.exponent[place] = -SCALE_EXPONENT
      norms.meanAbsMantissa[place] = sizes / layerParameterCount(layer)
      place++
    }
    return norms
  }
}

function runsOfBank(bank: GradientBank, lanes: number): number[] {
  const bounds: number[] = []
  for (const { offset, size } of bank.layers.flatMap(({ parts }) => parts)) {
    for (let lane = 0; lane < lanes; lane++) {
      const start = offset + lane * (size / lanes)
      const end = start + size / lanes
      for (let first = start; first < end; first += RUN) bounds.push(first, Math.min(first + RUN, end))
    }
  }
  return bounds
}
