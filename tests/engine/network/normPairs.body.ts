// Does the network engine keep the digits of a norm over two entries, which lets almost nothing through?
//
// Of what two entries differ by, a norm passes on eps r^2: 1e-5 where eps is 1e-5 and the entries differ by 2. As a difference of
// nearly equal float32 numbers that would be 1 % wrong in a layer and 3 % in ten. The float64 engine takes that difference and has 16 digits to lose.
import { describe, expect, test, vi } from 'vitest'
import { parameterCount, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { relativeError } from '../reference/closeness.ts'
import { conv, dense, norm, withHead } from '../reference/layers.ts'
import { normals, randomDataset, samples } from '../reference/problems.ts'
import { expectSameNorms } from '../stepNorms.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { optionsInFloat32, withBoth } from './setup.ts'

/** log10 within 1e-3 is promised, which is 2.3e-3; float32 sums of ten layers of condition 10 do far better. */
const CLOSE = 2e-4
const COUNT = 6

const small = { eps: 1e-5, frozen: null } as const
const LAYER = { kind: 'layer', ...small } as const
const BATCH = { kind: 'batch', ...small } as const
const narrow = (depth: number, activation: 'identity' | 'tanh'): NetworkSpec =>
  withHead(Array.from({ length: depth }, (_, index) => dense(index === 0 ? 3 : 2, 2, { norm: LAYER, activation })))

/** Name, network and rows: each norm sees groups of two. */
const NETWORKS: readonly (readonly [string, NetworkSpec, number])[] = [
  ['layer norms of two units', narrow(3, 'identity'), COUNT],
  ['tanh between layer norms of two units', narrow(3, 'tanh'), COUNT],
  ['a layer norm of two channels of one position', withHead([conv(1, 2, 1, { norm: LAYER }), dense(2, 2, { norm: LAYER })]), COUNT],
  ['batch norms of two rows', withHead([dense(3, 4, { norm: BATCH }), dense(4, 4, { norm: BATCH })]), 2],
  ['a batch norm of one row of two positions', withHead([conv(1, 3, 2, { height: 1, norm: BATCH })]), 1],
  [
    'norms of three entries, which take the other way',
    withHead([dense(3, 3, { norm: norm('layer') }), dense(3, 3, { norm: norm('batch') })]),
    3,
  ],
]

export function normPairTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = leaseOfFile(open)

  test.each(['identity', 'tanh'] as const)('ten layers of two units with layer norms and %s keep their gradients', async (activation) => {
    const spec = narrow(10, activation)
    const options = optionsInFloat32(spec, randomDataset(COUNT, 3, 2, 'squaredError'), [normals(parameterCount(spec), 'ten')])
    await withBoth(held.opened, options, async (network, float64) => {
      const wanted = await float64.probe(0).gradientNorms(samples(COUNT))
      expectSameNorms(await network.probe(0).gradientNorms(samples(COUNT)), wanted, CLOSE)
      expect(wanted.mantissa[0] * 2 ** wanted.exponent[0]).toBeLessThan(1e-15)
    })
  })

  test('batch norms of two rows stay by themselves beside a longer batch', async () => {
    const spec = withHead([dense(3, 4, { norm: BATCH }), dense(4, 4, { norm: BATCH })])
    const options = optionsInFloat32(spec, randomDataset(COUNT, 3, 2, 'squaredError'), [normals(parameterCount(spec), 'pairs')])
    const set = (...rows: number[]) => ({ from: 'probe', indices: Int32Array.from(rows) }) as const
    const pairs = [
      [set(0, 2), set(1, 3)],
      [set(0, 4, 1), set(2, 3)],
    ] as const
    await withBoth(held.opened, { ...options, probeCount: COUNT }, async (network, float64) => {
      const [own, wanted] = [await network.probe(0).batchPairs(pairs), await float64.probe(0).batchPairs(pairs)]
      for (const [entry, value] of wanted.entries()) expect(Math.abs(own[entry] - value)).toBeLessThan(CLOSE * Math.max(...wanted))
    })
  })

  describe.each(NETWORKS)('the network probe of %s', (_, spec, rows) => {
    const { height = 1, width = 3 } = spec.layers[0].kind === 'conv' ? spec.layers[0] : {}
    const count = parameterCount(spec)
    const options = {
      ...optionsInFloat32(spec, randomDataset(COUNT, height * width, 2, 'squaredError'), [normals(count, 'pairs')]),
      probeCount: rows,
    }
    const set = samples(rows)

    test('measures layer gradients as float64 does, however little comes through', async () => {
      await withBoth(held.opened, options, async (network, float64) => {
        expectSameNorms(await network.probe(0).gradientNorms(set), await float64.probe(0).gradientNorms(set), CLOSE)
      })
    })

    test('measures products with the Hessian as float64 does, layer by layer', async () => {
      await withBoth(held.opened, options, async (network, float64) => {
        // A direction in every layer by itself, so that small blocks are not judged beside large ones.
        const { layers } = network
        const block = new Float64Array(layers.length * count)
        for (const [row, { offset, size }] of layers.entries()) {
          block.set(normals(size, `direction ${row}`).map(Math.fround), row * count + offset)
        }
        const own = await network.probe(0).hessianVectors(block, layers.length, set)
        const wanted = await float64.probe(0).hessianVectors(block, layers.length, set)
        for (const row of layers.keys()) {
          for (const { offset, size } of layers) {
            const part = (of: Float64Array) => of.subarray(row * count + offset, row * count + offset + size)
            expect(relativeError(part(own), part(wanted)), `row ${row}, from ${offset}`).toBeLessThan(CLOSE)
          }
        }
      })
    })
  })
}
