import { describe, expect, test } from 'vitest'
import { chunkClosure, chunkImports } from '../../src/cli/bench/builtScripts.ts'
import { withoutExtendedRange } from '../../src/cli/bench/plainKernels.ts'
import { presetArms, presetName } from '../../src/cli/bench/presetArms.ts'
import { stackProblem } from '../../src/cli/bench/stackProblem.ts'
import { withOrderedTape } from '../../src/cli/bench/tapeOrder.ts'
import { liveFigures } from '../../src/cli/bench/watchPage.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { forwardBackwardWgsl } from '../../src/engine/fused/forwardBackwardKernel.ts'
import type { KernelShape } from '../../src/engine/fused/kernelShape.ts'
import { fusedLayout } from '../../src/engine/fused/layout.ts'
import { updateWgsl } from '../../src/engine/fused/updateKernel.ts'
import { wholeRowsWgsl } from '../../src/engine/fused/wholeRowsKernel.ts'

describe('chunkImports', () => {
  test('tells what loads at once from what loads later', () => {
    const text =
      'import{a as b}from"./one-A1.js";import"./two-B2.js";export*from\'./three-C3.js\';const f=()=>import(`./four-D4.js`);f("./five.js")'
    expect(chunkImports(text)).toEqual({ now: ['one-A1.js', 'two-B2.js', 'three-C3.js'], later: ['four-D4.js'] })
  })
  test('sees a late import with its preloads', () => {
    expect(chunkImports('p(()=>import("./lazy-X.js"),[])').later).toEqual(['lazy-X.js'])
  })
})

describe('chunkClosure', () => {
  const graph = { a: { now: ['b'], later: ['c'] }, b: { now: ['a'], later: [] }, c: { now: ['d'], later: [] }, d: { now: [], later: [] } }
  const importsOf = (name: string) => graph[name as keyof typeof graph]
  test('stops at late imports, and at cycles', () => {
    expect([...chunkClosure(['a'], importsOf, false)].sort()).toEqual(['a', 'b'])
  })
  test('follows late imports when it goes deep', () => {
    expect([...chunkClosure(['a'], importsOf, true)].sort()).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('liveFigures', () => {
  test('forgets the tasks of loading and keeps the longest of the rest', () => {
    const tasks = [
      [100, 900],
      [5000, 70],
      [6000, 60],
    ] as const
    expect(liveFigures({ frames: [16, 16, 16, 100], tasks, since: 4000 })).toMatchObject({ frameMedian: 16, longestTask: 70, longTasks: 2 })
  })
  test('says 0 when no task was long', () => {
    expect(liveFigures({ frames: [16], tasks: [], since: 0 })).toEqual({ frameMedian: 16, frameP95: 16, longestTask: 0, longTasks: 0 })
  })
})

describe('stackProblem', () => {
  const problem = stackProblem({ depth: 3, width: 5, batch: 4, activation: 'relu' }, 2)
  test('is the same function as matrices and as flat weights', async () => {
    const { inputs, targets, matrices } = problem
    let loss = 0
    for (let row = 0; row < 4; row++) {
      let h = Array.from(inputs.subarray(row * 5, row * 5 + 5))
      for (const [layer, matrix] of matrices.entries()) {
        const z = Array.from({ length: 5 }, (_, o) => h.reduce((sum, x, i) => sum + x * matrix[i * 5 + o], 0))
        h = layer < 2 ? z.map((x) => Math.max(0, x)) : z
      }
      for (const [o, value] of h.entries()) loss += (value - targets[row * 5 + o]) ** 2 / 8
    }
    const { losses } = await createFloat64Trainer(problem.options).train([problem.indices])
    // Two orders of summing 5 float64 products.
    expect(losses[0]).toBeCloseTo(loss, 12)
    expect(losses[1]).toBe(losses[0])
  })
  test('is the same problem every time', () => {
    expect(stackProblem(problem.shape).matrices).toEqual(problem.matrices)
  })
})

describe('withoutExtendedRange', () => {
  const { spec } = stackProblem({ depth: 4, width: 8, batch: 8, activation: 'relu' }).options
  const layout = fusedLayout(spec)
  const shape: KernelShape = { layout, loss: spec.loss, batchRows: 8, seedCount: 1, lanes: 'seeds', tile: { rows: 8, rowsPerThread: 2 } }
  test.each([
    ['columns', forwardBackwardWgsl(shape)],
    ['whole rows', wholeRowsWgsl({ ...shape, tile: { ...shape.tile, wholeRows: true } }, 'both')],
  ])('takes every note of a size and every look at one out of the kernel of %s', (_name, k1) => {
    const plain = withoutExtendedRange(k1)
    expect(k1).toContain('atomicMax(&largestBits[slot]')
    expect(plain).not.toContain('atomicMax')
    expect(plain).not.toContain('atomicLoad')
    expect(plain?.split('0x3f800000u').length).toBe(k1.split('atomicLoad(&largestBits[slot])').length)
  })
  test('leaves other kernels alone', () => {
    expect(withoutExtendedRange(updateWgsl(shape, 'sgd'))).toBeNull()
  })
})

describe('withOrderedTape', () => {
  test('puts an op in front of what was recorded for it, only while it works', async () => {
    const engine = {
      state: { activeTape: ['before'] as unknown[] },
      runKernelFunc(this: { state: { activeTape: unknown[] } }, _params: unknown) {
        this.state.activeTape.push('copy of a saved output', 'op')
        return 1
      },
    }
    const original = engine.runKernelFunc
    await withOrderedTape(engine, async () => engine.runKernelFunc({}))
    expect(engine.state.activeTape).toEqual(['before', 'op', 'copy of a saved output'])
    expect(engine.runKernelFunc).toBe(original)
  })
})

describe('presetArms', () => {
  test('names every network of the presets once', () => {
    const names = presetArms().map(presetName)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('fashion: 3 x 64, batch 64')
    // Arm B of the race is another optimizer on the same chain.
    expect(names.filter((name) => name.startsWith('race'))).toHaveLength(1)
    expect(names.filter((name) => name.startsWith('vanish'))).toHaveLength(2)
  })
})
