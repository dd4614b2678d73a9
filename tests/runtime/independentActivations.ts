// What are the activations of the public format? From their formulas, by their names there.

interface ActivationPair {
  readonly value: (z: number) => number
  readonly slope: (z: number) => number
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
const bell = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** The normal law by its series of positive terms: 1/2 + bell(z) (z + z^3 / 3 + z^5 / (3 5) + ...). */
function normalLaw(z: number): number {
  let term = z
  let sum = z
  for (let n = 1; n < 200; n++) {
    term *= (z * z) / (2 * n + 1)
    sum += term
  }
  return 0.5 + bell(z) * sum
}

export const ACTIVATIONS: Readonly<Record<string, ActivationPair>> = {
  linear: { value: (z) => z, slope: () => 1 },
  relu: { value: (z) => (z > 0 ? z : 0), slope: (z) => (z > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  '3tanh': { value: (z) => 3 * Math.tanh(z), slope: (z) => 3 * (1 - Math.tanh(z) ** 2) },
  swish: { value: (z) => z * logistic(z), slope: (z) => logistic(z) + z * logistic(z) * (1 - logistic(z)) },
  sigmoid: { value: logistic, slope: (z) => logistic(z) * (1 - logistic(z)) },
  softsign: { value: (z) => z / (1 + Math.abs(z)), slope: (z) => 1 / (1 + Math.abs(z)) ** 2 },
  arctan: { value: Math.atan, slope: (z) => 1 / (1 + z * z) },
  softplus: { value: (z) => Math.log(1 + Math.exp(z)), slope: logistic },
  gelu: { value: (z) => z * normalLaw(z), slope: (z) => normalLaw(z) + z * bell(z) },
  elu: { value: (z) => (z > 0 ? z : Math.exp(z) - 1), slope: (z) => (z > 0 ? 1 : Math.exp(z)) },
}
