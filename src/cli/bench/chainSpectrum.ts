// Is the whole spectrum of a deep chain cheaper than one gradient elsewhere? Diagonal plus rank one, against tfjs on the CPU.
import { DEFAULT_EXPERIMENT } from '../../core/defaults.ts'
import type { SampleSet } from '../../core/probe.ts'
import type { BenchTable } from './benchTable.ts'
import { figureOf, ratioOf } from './figures.ts'
import { dataOf, openArm } from './presetArms.ts'
import type { BenchContext } from './section.ts'
import { interleaved, repeated } from './timing.ts'

const DEPTH = 100

/** Exact spectrum of a 100-weight chain against one gradient of the same chain by tfjs' CPU backend; no engine may hold tfjs. */
export async function chainSpectrumTable({ options, gpu }: BenchContext): Promise<BenchTable> {
  const experiment = { ...DEFAULT_EXPERIMENT, model: { ...DEFAULT_EXPERIMENT.model, depth: DEPTH }, seeds: 1, versus: null }
  const arm = await openArm(experiment, 'A', await dataOf(experiment), 'chain', gpu)
  if (arm === null) throw new Error('chainSpectrumTable: the chain engine runs anywhere')
  const [probe] = arm.probes
  const set: SampleSet = { indices: Int32Array.of(0), from: 'train' }
  const tf = await import('@tensorflow/tfjs')
  // Its fastest form, and without the advertisement; turned back below, because our own engine shares its core.
  tf.env().set('PROD', true)
  if (!(await tf.setBackend('cpu'))) throw new Error('chainSpectrumTable: tfjs has no CPU backend')
  const weights = Array.from(await probe.weights(), (weight) => tf.scalar(weight))
  // The point (1, 1): the product of the weights against 1.
  const loss = (...factors: (typeof weights)[number][]) =>
    tf.mul(
      tf.square(
        tf.sub(
          factors.reduce((a, b) => a.mul(b)),
          1,
        ),
      ),
      0.5,
    )
  const gradients = tf.grads(loss as (...factors: object[]) => ReturnType<typeof loss>)
  const cases = [
    repeated('spectrum', () => probe.exactHessian?.(set)),
    repeated('gradient', () => probe.gradient(set)),
    repeated('tfjs', () => {
      tf.tidy(() => {
        gradients(weights)
      })
    }),
  ]
  const [spectrum, gradient, tfjs] = await interleaved(cases, options.pairs)
  for (const weight of weights) weight.dispose()
  tf.env().set('PROD', false)
  await arm.trainer.dispose()
  return {
    title: `A chain of ${DEPTH} weights: everything about its curvature against one gradient elsewhere`,
    columns: ['what', 'time', "in gradients by tfjs' CPU backend", 'promised'],
    rows: [
      ['our gradient, extended range', figureOf(gradient, 'ms'), ratioOf(gradient, tfjs), ''],
      ['our Hessian with its exact spectrum', figureOf(spectrum, 'ms'), ratioOf(spectrum, tfjs), 'at most 1'],
      ['gradient by tfjs, CPU backend', figureOf(tfjs, 'ms'), ratioOf(tfjs, tfjs), ''],
    ],
    notes: ['tfjs multiplies the weights one by one in float32, where a deep chain underflows; ours are float64 with exponents.'],
  }
}
