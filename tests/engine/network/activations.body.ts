// Are activations and their derivatives exact to float32 where formulas lose digits: near 0, in the tails, at the seams?
//
// One layer 1 -> 1 with weight 1: its output is act(x), its Jacobian x act'(x), its Hessian x^2 act''(x). One body, run in a browser and in Node.
import { describe, expect, test } from 'vitest'
import { activationSchema, type Activation } from '../../../src/core/experiment.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { datasetOf, denseSpec, samples } from '../reference/problems.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { optionsInFloat32, withBoth } from './setup.ts'

const POINTS = Float32Array.of(1e-30, -1e-8, 1e-4, -0.05, 0.19999, -0.20001, 0.4, -0.42, 0.7, -1.3, 2.4, -2.5, 3, -3.1, 5, -6, 9, -12, 90)
/** 3e-6: exp of WGSL may be 3 + 2|x| units in the last place off (6e-8 each), and the argument of a tail is as large as 18 for gelu. */
const CLOSE = 3e-6

export function activationTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  const held = leaseOfFile(open)

  /** Largest error of values, slopes and curvatures against float64, relative to the value itself or, at its zeros, to the argument. */
  async function worstErrors(activation: Activation): Promise<readonly (readonly [string, number, number])[]> {
    const spec = denseSpec([1, 1], { bias: false, outputActivation: activation })
    const data = datasetOf(1, 1, POINTS, new Float64Array(POINTS.length))
    const options = optionsInFloat32(spec, data, [Float64Array.of(1)])
    return withBoth(held.opened, options, async (network, float64) => {
      const set = samples(POINTS.length)
      const wrong: (readonly [string, number, number])[] = []
      const compare = (what: string, mine: ArrayLike<number>, theirs: ArrayLike<number>, floor: (x: number) => number) => {
        for (const [i, x] of POINTS.entries()) {
          const size = Math.max(Math.abs(theirs[i]), floor(Math.abs(x)))
          const error = Math.abs(mine[i] - theirs[i])
          if (!(error <= CLOSE * size)) wrong.push([what, x, error / size])
        }
      }
      const [mine, theirs] = [network.probe(0), float64.probe(0)]
      // Below 1e-30 float32 may flush to 0 (the tail of gelu at -12), and second derivatives are plain float32.
      compare('value', (await mine.loss(set)).outputs, (await theirs.loss(set)).outputs, () => 1e-30)
      compare('slope', await mine.outputJacobian(set), await theirs.outputJacobian(set), (x) => 0.03 * x * Math.min(1, 1 / x ** 2))
      const curvatures = async (probe: typeof mine) => {
        const values: number[] = []
        for (const sample of POINTS.keys()) {
          const one = { from: 'train' as const, indices: Int32Array.of(sample) }
          values.push((await probe.outputHessianVectors(Float64Array.of(1), 1, one, { sample: 0, output: 0 }))[0])
        }
        return values
      }
      compare('curvature', await curvatures(mine), await curvatures(theirs), (x) => Math.max(1e-25, 0.1 * Math.min(x ** 2, 1 / x ** 2)))
      return wrong
    })
  }

  describe('the activations on the GPU', () => {
    test.each(activationSchema.options)('agree with float64 from 0 to the tails, in both derivatives (%s)', async (activation) => {
      expect(await worstErrors(activation)).toEqual([])
    })

    // One unit before a linear one, far out on the side that saturates or not.
    test.each<[Activation, number, readonly number[]]>([
      ['tanh', 60, [1, 0]],
      ['tanh', 2, [0, 0]],
      ['gelu', 60, [1, 1]],
      ['relu', 60, [0, 0]],
    ])('of %s at -%d say underflow where float32 has nothing to send back, and 0 where nothing is', async (activation, size, flags) => {
      const spec = denseSpec([1, 1, 1], { bias: false, activation })
      const options = optionsInFloat32(spec, datasetOf(1, 1, [-size, -1.5 * size], [1, 2]), [Float64Array.of(1, 1)])
      const { mantissa, underflow } = await withBoth(held.opened, options, (network) => network.probe(0).gradientNorms(samples(2)))
      expect([...underflow]).toEqual(flags)
      for (const [l, flag] of flags.entries()) if (flag === 1) expect(mantissa[l]).toBe(0)
    })
  })
}
