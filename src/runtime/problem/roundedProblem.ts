// What does a float32 engine see of a problem? What is written out is what was used.
import type { NetworkSpec } from '../../core/networkSpec.ts'
import type { ResolvedProblem } from './parseProblem.ts'

const rounded = (values: Float64Array): Float64Array => Float64Array.from(values, Math.fround)

/** Every value of the problem as a float32 engine sees it. */
export function roundedToFloat32(problem: ResolvedProblem): ResolvedProblem {
  const { train } = problem.dataset
  const startWeights = rounded(problem.startWeights)
  const startSpec = withRoundedStatistics(problem.startSpec)
  return {
    ...problem,
    dataset: {
      ...problem.dataset,
      train: { ...train, inputs: Float32Array.from(train.inputs), targets: Float32Array.from(train.targets) },
    },
    startWeights,
    weights: problem.weights === problem.startWeights ? startWeights : rounded(problem.weights),
    startSpec,
    spec: problem.spec === problem.startSpec ? startSpec : withRoundedStatistics(problem.spec),
    noise: problem.noise === null ? null : rounded(problem.noise),
  }
}

function withRoundedStatistics(spec: NetworkSpec): NetworkSpec {
  return {
    ...spec,
    layers: spec.layers.map((layer) => {
      if (layer.kind === 'pool' || !layer.norm?.frozen) return layer
      const { mean, variance } = layer.norm.frozen
      return { ...layer, norm: { ...layer.norm, frozen: { mean: rounded(mean), variance: rounded(variance) } } }
    }),
  }
}
