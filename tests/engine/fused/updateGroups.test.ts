// How many workgroups K2 takes: never more than there are entries for their norms.
import { expect, test } from 'vitest'
import type { KernelShape } from '../../../src/engine/fused/kernelShape.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import { updateGroups, weightGroups } from '../../../src/engine/fused/updateGrid.ts'
import { updateWgsl } from '../../../src/engine/fused/updateKernel.ts'
import { denseSpec } from '../reference/problems.ts'

const shapeOf = (widths: readonly number[], software: boolean): KernelShape => {
  const spec = denseSpec(widths)
  const tile = { rows: 8, rowsPerThread: 2 }
  return { layout: fusedLayout(spec), loss: spec.loss, batchRows: 8, seedCount: 1, lanes: 'seeds', tile, software }
}

test.each([false, true])('updateGroups never exceed the entries of the norms, and cover every block (software: %s)', (software) => {
  for (const width of [1, 4, 5, 12, 16, 17, 20, 32, 36, 100, 130, 257, 512, 1024]) {
    for (const inputs of [1, 2, 7, 33, 130, 784]) {
      for (const widths of [
        [inputs, width],
        [inputs, width, width, 3],
      ]) {
        const shape = shapeOf(widths, software)
        expect(updateGroups(shape), `widths ${widths.join(' x ')}`).toBeLessThanOrEqual(weightGroups(shape))
        const threads = Number(/@workgroup_size\((\d+)\)/u.exec(updateWgsl(shape, 'sgd'))?.[1])
        // A thread of a block of four by four vec4s; a width of 1024 has as many columns as four threads have entries.
        const { inQuads, quads } = shape.layout
        expect(updateGroups(shape) * threads * 16).toBeGreaterThanOrEqual((widths.length > 2 ? Math.max(inQuads, quads) : inQuads) * quads)
      }
    }
  }
})
