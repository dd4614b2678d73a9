// How large is each layer's gradient, told by the training step that has just formed it?
//
// The gradient tensors are summed before they go, several in one dispatch: what costs on this engine is the dispatch. Large ones
// are cut into runs, since a single workgroup would make a GPU wait. Training carries no powers of two, so the sums see
// what float32 kept; where a layer comes near the ends of its range, or is 0, `gradientNormsProbe.ts` has to be asked.
import { dispose, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import { isWeighted, layerParameterCount, type LayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerNorms } from '../../core/probe.ts'
import type { Milliseconds } from '../../core/units.ts'
import { runKernel, type Kernel } from './kernel.ts'

/** Tensors of one dispatch; with the result they are the eight buffers that every adapter takes. */
const SUMMED = [0, 1, 2, 3, 4, 5, 6] as const
/** Entries that one workgroup sums. */
const RUN = 4096
/** Squares are of entries times this: ordinary gradients are small. */
const SCALE_EXPONENT = 30
/** Of scaled squares. Largest entries then lie within about 2^-70 .. 2^20, and what float32 lost beside them does not count. */
const SMALLEST_SQUARES = 2 ** -80
const LARGEST_SQUARES = 2 ** 100

const SUMS: Kernel<'lanes' | 'base' | `size${(typeof SUMMED)[number]}`> = {
  name: 'stepNorms',
  shape: 'reduction',
  inputs: SUMMED.map((k) => `G${k}`),
  uniforms: { lanes: 'i32', base: 'i32', size0: 'i32', size1: 'i32', size2: 'i32', size3: 'i32', size4: 'i32', size5: 'i32', size6: 'i32' },
  declarations: `
var<workgroup> sums : array<vec2<f32>, 64>;`,
  body: `
    var at = entry;
    var mine = vec2<f32>(0.0);
    ${SUMMED.map(
      (k) => `{
      let runs = (uniforms.size${k} + ${RUN - 1}) / ${RUN};
      if (at >= 0 && at < runs * uniforms.lanes) {
        let lane = (at / runs) * uniforms.size${k};
        let first = (at % runs) * ${RUN};
        let end = min(first + ${RUN}, uniforms.size${k});
        for (var i = first + i32(localId.x); i < end; i = i + 64) {
          let size = abs(G${k}[lane + i]);
          let scaled = size * ${2 ** SCALE_EXPONENT}.0;
          mine = mine + vec2<f32>(scaled * scaled, size);
        }
      }
      at = at - runs * uniforms.lanes;
    }`,
    ).join('')}
    sums[localId.x] = mine;
    workgroupBarrier();
    if (localId.x == 0u) {
      var all = vec2<f32>(0.0);
      for (var i = 0u; i < 64u; i = i + 1u) { all = all + sums[i]; }
      let place = 2 * (uniforms.base + entry);
      result[place] = all.x;
      result[place + 1] = all.y;
    }`,
}

/** Sums the gradient tensors of one step, given in flat order. */
export class StepNorms {
  /** Time of this thread so far. */
  duration: Milliseconds = 0
  private readonly spec: NetworkSpec
  private readonly waiting: Tensor3D[] = []
  /** Runs of one lane, per tensor. */
  private readonly runs: readonly number[]
  private readonly lanes: number
  private table: Tensor | null = null
  private tensorCount = 0
  private summed = 0
  private readonly size: number

  /** @param sizes entries of each tensor of the network, all lanes; `lanes` of them. */
  constructor(spec: NetworkSpec, sizes: readonly number[], lanes: number) {
    this.spec = spec
    this.lanes = lanes
    this.runs = sizes.map((size) => Math.ceil(size / lanes / RUN))
    this.size = 2 * lanes * this.runs.reduce((sum, runs) => sum + runs, 0)
  }

  /** Takes the next tensor over, and disposes it once it is summed. */
  take(gradient: Tensor3D): void {
    this.waiting.push(gradient)
    this.tensorCount++
    if (this.waiting.length === SUMMED.length || this.tensorCount === this.runs.length) this.sum()
  }

  /** What has to be read, once all tensors were taken; the caller's to dispose. */
  get sums(): Tensor {
    return this.table!
  }

  /** [lanes] norms from the sums as read; null for a lane that has left the range of the step. */
  normsOf(sums: Float32Array): (LayerNorms | null)[] {
    return Array.from({ length: this.lanes }, (_, lane) => this.normsOfLane(sums, lane))
  }

  private sum(): void {
    const start = performance.now()
    const { waiting, lanes } = this
    const [size0, size1, size2, size3, size4, size5, size6] = SUMMED.map((k) => (k < waiting.length ? waiting[k].size / lanes : 0))
    const inputs = SUMMED.map((k) => waiting[Math.min(k, waiting.length - 1)])
    const first = this.tensorCount - waiting.length
    const workgroups = lanes * this.runs.slice(first, this.tensorCount).reduce((sum, runs) => sum + runs, 0)
    const uniforms = { lanes, base: this.summed, size0, size1, size2, size3, size4, size5, size6 }
    this.table = runKernel(SUMS, inputs, [this.size], uniforms, this.table ?? undefined, workgroups)
    this.summed += workgroups
    dispose(waiting)
    waiting.length = 0
    this.duration += performance.now() - start
  }

  private normsOfLane(sums: Float32Array, lane: number): LayerNorms | null {
    const layers = this.spec.layers.filter(isWeighted)
    const norms = {
      mantissa: new Float64Array(layers.length),
      exponent: new Int32Array(layers.length),
      meanAbsMantissa: new Float64Array(layers.length),
      meanAbsExponent: new Int32Array(layers.length),
      underflow: new Uint8Array(layers.length),
    }
    let tensor = 0
    let base = 0
    for (const [place, layer] of layers.entries()) {
      let squares = 0
      let sizes = 0
      for (const end = tensor + tensorsOfLayer(layer); tensor < end; tensor++) {
        const runs = this.runs[tensor]
        for (let run = 0; run < runs; run++) {
          squares += sums[2 * (base + lane * runs + run)]
          sizes += sums[2 * (base + lane * runs + run) + 1]
        }
        base += runs * this.lanes
      }
      if (!(squares > SMALLEST_SQUARES && squares < LARGEST_SQUARES)) return null
      norms.mantissa[place] = Math.sqrt(squares)
      norms.exponent[place] = -SCALE_EXPONENT
      norms.meanAbsMantissa[place] = sizes / layerParameterCount(layer)
    }
    return norms
  }
}

/** W, and b, gamma and beta where there are any. */
function tensorsOfLayer(layer: LayerSpec): number {
  return isWeighted(layer) ? 1 + (layer.bias ? 1 : 0) + (layer.norm === undefined ? 0 : 2) : 0
}
