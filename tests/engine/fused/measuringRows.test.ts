// Rows of one measuring pass, on an adapter that binds no more than every adapter must: what needs no GPU.
import { expect, test } from 'vitest'
import type { FusedProbeContext } from '../../../src/engine/fused/fusedProbeContext.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import { MeasuringPasses } from '../../../src/engine/fused/measuringPasses.ts'
import { passSizes } from '../../../src/engine/fused/pass.ts'
import { denseSpec } from '../reference/problems.ts'
import { withBlocks } from './blocks.ts'

const LEAST = 2 ** 27
const buffer = { size: 0, destroy: () => undefined }
const device = { limits: { maxStorageBufferBindingSize: LEAST }, createBuffer: () => buffer }

test.each([true, false])('rowsAtOnce leaves no binding larger than the adapter allows (layer norm: %s)', (norm) => {
  const plain = denseSpec(Array.from({ length: 101 }, () => 100))
  const spec = norm ? withBlocks(plain, { norm: true, span: 0 }) : plain
  const layout = fusedLayout(spec)
  const tile = { rows: 16, rowsPerThread: 4 }
  const context = { opened: { device, software: false }, spec, layout, tile } as unknown as FusedProbeContext
  const passes = new MeasuringPasses(context)
  for (const task of ['forward', 'gradient', 'deltas'] as const) {
    const rows = passes.rowsAtOnce(task, 10_000)
    expect(rows % tile.rows).toBe(0)
    const shape = { layout, loss: spec.loss, batchRows: rows, seedCount: 1, lanes: 'batches', tile } as const
    expect(passSizes(shape, task, 1).activations).toBeLessThanOrEqual(LEAST)
    // A small set is not cut.
    expect(passes.rowsAtOnce(task, 48)).toBe(48)
  }
  passes.destroy()
})
