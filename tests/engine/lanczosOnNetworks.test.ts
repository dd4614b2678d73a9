// Do Lanczos and its quadrature find the spectrum of a real network's Hessian, on every engine?
//
// The reference is the whole Hessian from float64 products, which other tests hold to finite differences. Tolerances are the
// estimate's own error bars, but for the extremes, which have converged.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { exactHessian } from '../../src/diagnostics/exactHessian.ts'
import { openDevice, type OpenedDevice } from '../../src/engine/device.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { createFusedTrainer } from '../../src/engine/fused/fusedTrainer.ts'
import { createNetworkTrainer } from '../../src/engine/network/networkTrainer.ts'
import { leaseTfjs, type TfjsLease } from '../../src/engine/tfjsBackend.ts'
import type { Trainer } from '../../src/engine/trainer.ts'
import { spectralDensity } from '../../src/numerics/spectralDensity.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { problemOptions } from './fused/trainingFixture.ts'
import { samples } from './reference/problems.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('engine/lanczosOnNetworks.test.ts: engines on WebGPU skipped, Dawn found no graphics adapter\n')

const OPTIONS = problemOptions({ widths: [6, 9, 9, 4], activation: 'tanh', samples: 20 })
const SET = samples(20)
const PROBES = 16
const STEPS = 60

let opened: OpenedDevice
let lease: TfjsLease
beforeAll(async () => {
  if (!hasAdapter) return
  const device = await openDevice()
  if (device.type === 'noGpu') throw new Error(device.reason)
  opened = device
  lease = await leaseTfjs(opened)
})
afterAll(() => {
  if (hasAdapter) lease.close()
})

const ENGINES: Readonly<Record<'float64' | 'network' | 'fused', () => Trainer | Promise<Trainer>>> = {
  float64: () => createFloat64Trainer(OPTIONS),
  network: () => createNetworkTrainer(OPTIONS, opened),
  fused: () => createFusedTrainer(OPTIONS, opened, { tile: { rows: 8, rowsPerThread: 4 } }),
}

describe.each(hasAdapter ? (['float64', 'network', 'fused'] as const) : (['float64'] as const))(
  'the Hessian on the engine %s',
  (engine) => {
    test('has the extremes, moments and density of the exact spectrum', { timeout: 120_000 }, async () => {
      const alone = { signal: new AbortController().signal, breathe: async () => {}, progress: () => {} }
      const exact = await exactHessian(createFloat64Trainer(OPTIONS).probe(0), SET, alone)
      const dimension = Math.sqrt(exact.matrix.length)
      const eigenvalues = exact.eigenvalues ?? symmetricEigenvalues(exact.matrix, dimension)
      const sum = (power: number) => eigenvalues.reduce((total, value) => total + value ** power, 0)
      const trainer = await ENGINES[engine]()
      try {
        const probe = trainer.probe(0)
        const operator = (block: Float64Array, count: number) => probe.hessianVectors(block, count, SET)
        const found = await spectralDensity(operator, dimension, namedStream(5, 'lanczos on networks'), { probes: PROBES, steps: STEPS })
        const [least, largest] = [eigenvalues[0], eigenvalues[dimension - 1]]
        for (const [end, value] of [
          [found.lambdaMax, largest],
          [found.lambdaMin, least],
        ] as const) {
          expect(end.converged).toBe(true)
          expect(Math.abs(end.value / value - 1)).toBeLessThan(1e-3)
        }
        const within = ({ value, standardError }: typeof found.trace, wanted: number) =>
          expect(Math.abs(value - wanted)).toBeLessThan(4 * standardError)
        within(found.trace, sum(1))
        within(found.frobenius, Math.sqrt(sum(2)))
        within(found.negativeCount, eigenvalues.filter((value) => value < 0).length)
        const step = found.grid[1] - found.grid[0]
        const moment = (power: number) => found.grid.reduce((total, x, i) => total + x ** power * found.values[i] * step, 0)
        expect(moment(0)).toBeCloseTo(1, 4)
        // The Gaussian around each node adds its variance to the second moment; the first keeps its place.
        expect(Math.abs(moment(1) * dimension - sum(1))).toBeLessThan(4 * found.trace.standardError)
        const squares = dimension * (moment(2) - found.broadening ** 2)
        expect(Math.abs(Math.sqrt(squares) - Math.sqrt(sum(2)))).toBeLessThan(4 * found.frobenius.standardError)
      } finally {
        await trainer.dispose()
      }
    })
  },
)
