// What does scaling `standardised` do? One shift and one factor for all inputs, taken from the training inputs alone.
//
// One pair for the whole set, not one per pixel: a corner pixel that is lit in a single picture would be blown up
// to tens of standard deviations, and the picture would no longer look like itself.

/** Mean and standard deviation over all entries of the training inputs. */
export interface InputScale {
  readonly mean: number
  readonly deviation: number
}

/** Mean and standard deviation (over n, not n - 1) of all entries; deviation 1 when all are equal. */
export function inputScale(inputs: Float32Array): InputScale {
  if (inputs.length === 0) return { mean: 0, deviation: 1 }
  let sum = 0
  for (const x of inputs) sum += x
  const mean = sum / inputs.length
  let squares = 0
  for (const x of inputs) squares += (x - mean) ** 2
  const deviation = Math.sqrt(squares / inputs.length)
  return { mean, deviation: deviation > 0 ? deviation : 1 }
}

/** Replaces each entry x by (x - mean) / deviation, in place. */
export function standardise(inputs: Float32Array, scale: InputScale): void {
  for (let i = 0; i < inputs.length; i++) inputs[i] = (inputs[i] - scale.mean) / scale.deviation
}
