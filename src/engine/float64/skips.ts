// How does a skip add the input of an earlier layer, and where do its deltas go back?
//
// postAct: h = branchScale act(n) + scale input; preAct: act(branchScale n + scale input). The input's delta is `scale` times that of
// the sum, added to what the layer that reads the input itself sends back.

/** into = a * first + b * second, entry by entry, for the first `count`; second null counts as 0. into may be either. */
export function combine(first: Float64Array, a: number, second: Float64Array | null, b: number, count: number, into: Float64Array): void {
  if (second === null) for (let i = 0; i < count; i++) into[i] = a * first[i]
  else for (let i = 0; i < count; i++) into[i] = a * first[i] + b * second[i]
}

/** into += factor * values. */
export function addScaled(values: Float64Array, factor: number, count: number, into: Float64Array): void {
  for (let i = 0; i < count; i++) into[i] += factor * values[i]
}
