// How large is each layer's gradient, however small? Passes in a range plan, repeated until every array was in range.
//
// The plan that settles is kept for the other first-order measurements of the same step.
import { dispose, type Tensor3D } from '@tensorflow/tfjs-core'
import { isWeighted } from '../../core/networkSpec.ts'
import type { LayerNorms, SampleSet } from '../../core/probe.ts'
import { zeroNorms } from '../blankNorms.ts'
import { activationCode } from './activations.ts'
import { exponentOfA } from './afterLinear.ts'
import { ExtentTable, extentsOf, type Extent } from './extents.ts'
import { disposePasses, gradientTensors, type BackwardRecord } from './firstOrderProbe.ts'
import { gradientExponents } from './gradientExponents.ts'
import type { LayerTensors } from './layerTensors.ts'
import { exponentsOf } from './passes.ts'
import { disposeBlock, sampleBlock, sampleWeight, withLayers, type ProbeHost, type SampleBlock } from './probeHost.ts'
import { plainRange, replan, type PassExtents, type RangePlan, type Replanned } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** Deep networks settle in two or three, after up to four that look for a tail; what is out of range then is reported as a bound. */
const LARGEST_PASS_COUNT = 10
/** Rows, samples times lanes, that a plan is measured on; exponents have 100 powers of two to spare. */
const PLAN_ROWS = 64
/** One sample alone may be dead where others are not. */
const FEWEST_SAMPLES = 4

/** Both passes of what is to be planned: of the loss, or of all outputs. */
export type PlannedPasses = (host: ProbeHost, layers: readonly LayerTensors[], block: SampleBlock, plan: RangePlan) => BackwardRecord

/**
 * The plan that holds this set's activations and deltas; with norms, which carry no powers of two, of the deltas alone.
 *
 * @param lanes of the passes.
 */
export async function measurePlan(
  host: ProbeHost,
  set: SampleSet,
  passesOf: PlannedPasses,
  lanes: number,
  signal?: AbortSignal,
): Promise<Replanned> {
  const some = { from: set.from, indices: set.indices.subarray(0, Math.max(FEWEST_SAMPLES, Math.floor(PLAN_ROWS / lanes))) }
  let plan = plainRange(host.spec.layers.length)
  const deltasOnly = host.spec.layers.some((layer) => isWeighted(layer) && layer.norm !== undefined)
  const tailed = host.spec.loss.kind !== 'squaredError'
  return withLayers(host, async (layers) => {
    let outcome: Replanned
    let passes = 0
    do {
      signal?.throwIfAborted()
      outcome = replan(plan, await passExtents(host, layers, some, plan, passesOf), deltasOnly, tailed)
      plan = outcome.settled ? plan : outcome.plan
    } while (!outcome.settled && ++passes < LARGEST_PASS_COUNT)
    return { ...outcome, plan }
  })
}

/** Frobenius norm and mean absolute entry of every layer's gradient block, as mantissa and exponent. */
export async function gradientNormsOn(host: ProbeHost, set: SampleSet, planned: Replanned, signal?: AbortSignal): Promise<LayerNorms> {
  const { plan } = planned
  const extents = await withLayers(host, async (layers) => {
    const gradients = await gradientTensors(host, layers, set, plan, signal)
    try {
      return await extentsOfTensors(host, gradients)
    } finally {
      dispose(gradients)
    }
  })
  const positions = [...host.spec.layers.keys()].filter((position) => isWeighted(host.spec.layers[position]))
  const norms = { ...zeroNorms(positions.length), underflow: Uint8Array.from(positions, (position) => planned.lost[position]) }
  const exponents = gradientExponents(host, plan)
  let next = 0
  for (const [index, position] of positions.entries()) {
    const layer = host.spec.layers[position]
    const partCount = isWeighted(layer) ? 1 + (layer.bias ? 1 : 0) + (layer.norm === undefined ? 0 : 2) : 0
    const parts = Array.from({ length: partCount }, () => ({ extent: extents[next], exponent: exponents[next++] }))
    const common = Math.max(
      ...parts.map(({ extent, exponent }) => (extent.largest > 0 ? extent.exponent - exponent : Number.NEGATIVE_INFINITY)),
    )
    // All parts exactly 0.
    if (common === Number.NEGATIVE_INFINITY && parts.every(({ extent }) => extent.largest === 0)) continue
    let squares = 0
    let absolutes = 0
    for (const { extent, exponent } of parts) {
      if (extent.largest === 0) continue
      const shift = extent.exponent - exponent - common
      squares += extent.squares * 4 ** shift
      absolutes += extent.absolutes * 2 ** shift
    }
    norms.mantissa[index] = Math.sqrt(squares)
    norms.exponent[index] = common
    norms.meanAbsMantissa[index] = absolutes / host.layers[index].size
    norms.meanAbsExponent[index] = common
  }
  return norms
}

/** Extents of everything that a plan scales, from one pass and one readback. */
async function passExtents(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  set: SampleSet,
  plan: RangePlan,
  passesOf: PlannedPasses,
): Promise<PassExtents> {
  const count = host.spec.layers.length
  const block = sampleBlock(host, [set], [sampleWeight(host, set.indices.length)])
  const passes = passesOf(host, layers, block, plan)
  const { record, gradients } = passes
  const deltas = gradients.map(({ z }) => z)
  const biases = layers.map(({ bias }) => bias)
  const tails = host.spec.layers.map((layer) => (isWeighted(layer) ? activationCode(layer.activation).tails : null))
  const argumentsOfTails = record.layers.filter((_, l) => tails[l] !== null).map(({ a }) => a)
  const measured = [...record.inputs.slice(1), record.outputs, ...deltas, ...biases.filter((bias) => bias !== null), ...argumentsOfTails]
  try {
    const extents = await extentsOfTensors(host, measured)
    let next = 2 * count
    return {
      input: [null, ...extents.slice(0, count)],
      delta: extents.slice(count, 2 * count),
      bias: biases.map((bias) => (bias === null ? null : extents[next++])),
      faded: tails.map((tail, l) => {
        const layer = host.spec.layers[l]
        if (tail === null || !isWeighted(layer)) return { value: false, slope: false }
        const isFar = extents[next++].largest * 2 ** -exponentOfA(layer.skip, exponentsOf(host.spec, plan, l)) >= tail.from
        return { value: isFar && tail.ofValue, slope: isFar }
      }),
    }
  } finally {
    disposePasses(passes)
    disposeBlock(block)
  }
}

async function extentsOfTensors(host: ProbeHost, tensors: readonly Tensor3D[]): Promise<Extent[]> {
  const table = new ExtentTable(tensors.length)
  for (const tensor of tensors) table.add(tensor)
  try {
    const [values] = await readPacked(host.opened, [table.table])
    return extentsOf(values)
  } finally {
    table.table.dispose()
  }
}
