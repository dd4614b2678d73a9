// A network engine that stays open keeps tfjs and its compiled pipelines: without it every problem compiles the same ones again.
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'

/** Opens a network of one weight on WebGPU; the answer gives it back. */
export async function holdNetworkEngine(): Promise<() => Promise<void>> {
  const { spec, dataset, optimizer, weights } = parseProblem({
    model: { kind: 'mlp', activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [{ type: 'dense', W: { shape: [1, 1], data: [1] } }],
    inputs: [[1]],
    targets: [1],
  })
  const options = { spec, dataset, probeCount: 1, optimizer, initialWeights: [weights] }
  const trainer = await chooseTrainer({ ...options, modelKind: 'mlp', engine: 'network', allowGpu: true })
  return () => trainer.dispose()
}
