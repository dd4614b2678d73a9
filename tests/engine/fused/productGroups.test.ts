// How many workgroups H2 takes: enough for every block of weights, of whatever side, and for what stands behind them.
import { expect, test } from 'vitest'
import { hessianProductWgsl, productGroups } from '../../../src/engine/fused/hessianProductKernel.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import type { TangentShape } from '../../../src/engine/fused/tangentLayout.ts'
import { denseSpec } from '../reference/problems.ts'

const shapeOf = (widths: readonly number[], software: boolean): TangentShape => {
  const spec = denseSpec(widths)
  const tile = { rows: 8, rowsPerThread: 2 }
  const pass = { layout: fusedLayout(spec), loss: spec.loss, batchRows: 8, seedCount: 1, lanes: 'batches' as const, tile, software }
  return { pass, vectors: 2, together: 2 }
}

test.each([
  { software: false, side: () => 1 },
  { software: true, side: (quads: number) => (quads > 2 ? 4 : quads) },
])('productGroups cover every block, and hold no workgroup without one (software: $software)', ({ software, side }) => {
  for (const width of [1, 4, 5, 12, 16, 17, 20, 32, 36, 100, 130, 257]) {
    for (const inputs of [1, 2, 7, 33, 130, 784]) {
      const shape = shapeOf([inputs, width, width, 3], software)
      const { inQuads, quads } = shape.pass.layout
      const blocks = Math.ceil(Math.max(inQuads, quads) / side(quads)) * Math.ceil(quads / side(quads))
      const threads = Number(/@workgroup_size\((\d+)\)/u.exec(hessianProductWgsl(shape))?.[1])
      // One more for the biases.
      const weights = productGroups(shape) - 1
      expect(weights * threads, `${inputs} inputs, width ${width}`).toBeGreaterThanOrEqual(blocks)
      expect((weights - 1) * threads).toBeLessThan(blocks)
    }
  }
})
