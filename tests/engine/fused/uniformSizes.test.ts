// Sizes leave the text of a kernel: what differs in numbers only is one text.
import { describe, expect, test } from 'vitest'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import type { KernelShape } from '../../../src/engine/fused/kernelShape.ts'
import { forwardBackwardWgsl } from '../../../src/engine/fused/forwardBackwardKernel.ts'
import { withUniformSizes } from '../../../src/engine/fused/uniformSizes.ts'
import { updateWgsl } from '../../../src/engine/fused/updateKernel.ts'
import { denseSpec } from '../reference/problems.ts'

const TEXT = `size LAYERS = 7u;
size SCALE = f32(0.125);
fn f(l: u32) -> f32 { return select(SCALE, 0.0, l == LAYERS - 1u); } // LAYERS_OF_OTHERS stay`

describe('withUniformSizes', () => {
  test('puts the numbers into the block, and the block in front', () => {
    const { code, values } = withUniformSizes(TEXT, 3)
    expect(code).toContain('@group(0) @binding(3) var<uniform> sizes: Sizes;')
    expect(code).toContain('LAYERS: u32,')
    expect(code).toContain('SCALE: f32,')
    expect(code).toContain('return select(sizes.SCALE, 0.0, l == sizes.LAYERS - 1u); } // LAYERS_OF_OTHERS stay')
    expect(code).not.toMatch(/^size /mu)
    expect(values!.byteLength).toBe(16)
    const view = new DataView(values!)
    expect([view.getUint32(0, true), view.getFloat32(4, true)]).toEqual([7, 0.125])
  })
  test('leaves a text without sizes as it is', () => {
    expect(withUniformSizes('fn main() {}', 2)).toEqual({ code: 'fn main() {}', values: null })
  })
})

describe('a kernel', () => {
  const codes = (widths: readonly number[], batchRows: number, seedCount: number): string[] => {
    const spec = denseSpec(widths)
    const shape: KernelShape = {
      layout: fusedLayout(spec),
      loss: spec.loss,
      batchRows,
      seedCount,
      lanes: 'seeds',
      tile: { rows: 8, rowsPerThread: 2 },
    }
    return [forwardBackwardWgsl(shape), updateWgsl(shape, 'adam')].map((text) => withUniformSizes(text, 9).code)
  }
  test('is the same text for other depths, inputs, outputs, batches and ensembles', () => {
    expect(codes([3, 8, 8, 8, 8, 8, 4], 100, 4)).toEqual(codes([9, 8, 8, 2], 13, 1))
  })
  test('is another one for K1 where the width is another', () => {
    const [narrow, wide] = [codes([3, 8, 8, 2], 8, 1), codes([3, 16, 16, 2], 8, 1)]
    expect(narrow[0]).not.toBe(wide[0])
    expect(narrow[1]).toBe(wide[1])
  })
})
