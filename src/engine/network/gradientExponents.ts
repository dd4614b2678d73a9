// With which powers of two are gradients stored that a range plan's passes give, and how do layers of different ones meet?
import { isWeighted } from '../../core/networkSpec.ts'
import type { ProbeHost } from './probeHost.ts'
import type { RangePlan } from './rangePlan.ts'

/** Exponents of the gradient tensors in flat order: W carries input and delta, all else the delta alone. */
export function gradientExponents(host: ProbeHost, plan: RangePlan): number[] {
  return host.spec.layers.flatMap((layer, index) => {
    if (!isWeighted(layer)) return []
    const delta = plan.delta[index]
    const others = (layer.bias ? 1 : 0) + (layer.norm === undefined ? 0 : 2)
    return [plan.input[index] + delta, ...Array.from({ length: others }, () => delta)]
  })
}

/** 2^exponent, 0 where float32 has no such number: such a layer is negligible beside the largest. */
export function factorOf(exponent: number): number {
  return exponent < -126 ? 0 : 2 ** exponent
}

/** What float32 held with an exponent, as it truly is. */
export function scaledBack(stored: Float32Array, exponent: number): Float64Array {
  return Float64Array.from(stored, (value) => value * 2 ** -exponent)
}
