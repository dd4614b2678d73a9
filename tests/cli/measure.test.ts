// Does the command line refuse what it cannot measure, in one line and with the right exit code?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/measure.ts'
import { measureArguments } from '../../src/cli/measureArguments.ts'
import { MEASURED_FIELDS, type Snapshot } from '../../src/core/snapshot.ts'
import { APP_VERSION } from '../../src/core/version.ts'
import packageJson from '../../package.json' with { type: 'json' }

const folder = mkdtempSync(join(tmpdir(), 'plateau-measure-'))
afterAll(() => rmSync(folder, { recursive: true }))

const out: string[] = []
const err: string[] = []
beforeEach(() => {
  out.length = 0
  err.length = 0
  vi.spyOn(process.stdout, 'write').mockImplementation((text: unknown, ...rest: readonly unknown[]) => {
    out.push(String(text))
    for (const done of rest) if (typeof done === 'function') (done as () => void)()
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err.push(String(text))
    return true
  })
  return () => void vi.restoreAllMocks()
})

function file(content: unknown): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const CHAIN = { model: { kind: 'chain', depth: 3 }, seeds: 2 }

describe('measureArguments', () => {
  test('reads every flag in both spellings', () => {
    expect(measureArguments(['e.json', '--step', '5', '--only=loss,hessian', '--arm', 'B', '--seed-index=1', '--backend', 'cpu'])).toEqual({
      input: { type: 'experiment', path: 'e.json' },
      backend: 'float64',
      step: 5,
      only: ['loss', 'hessian'],
      arm: 'B',
      seedIndex: 1,
    })
    expect(measureArguments(['--problem', 'p.json']).only).toEqual(MEASURED_FIELDS)
    expect(measureArguments(['-']).input).toEqual({ type: 'experiment', path: '-' })
  })

  test.each([
    [[], 'no input'],
    [['a.json', 'b.json'], 'more than one input'],
    [['a.json', '--step', '-1'], '--step: not a count'],
    [['a.json', '--step', '1.5'], '--step: not a count'],
    [['a.json', '--only', 'everything'], '--only: unknown value'],
    [['a.json', '--backend', 'webgl'], '--backend: unknown value'],
    [['a.json', '--loud', '1'], 'unknown flag'],
    [['--problem', 'p.json', '--step', '3'], 'a problem is measured as it stands'],
  ])('refuses %j', (args, words) => {
    expect(() => measureArguments(args)).toThrow(words)
  })
})

describe('measure', () => {
  test('prints one JSON object and nothing else', async () => {
    expect(await main([file(CHAIN), '--step', '2'])).toBe(0)
    expect(err).toEqual([])
    const snapshot = JSON.parse(out.join('')) as Snapshot
    expect(snapshot).toMatchObject({ format: 'snapshot', version: 1, step: 2, environment: { engine: 'chain', backend: 'cpu' } })
    expect(snapshot.problem.weights).toHaveLength(3)
    expect(snapshot.problem.weights2).toHaveLength(3)
    expect(snapshot.measured.optimizerStep?.weights).toHaveLength(3)
  })

  test('measures only what was asked', async () => {
    expect(await main([file(CHAIN), '--only', 'loss,gradNorm'])).toBe(0)
    expect(Object.keys((JSON.parse(out.join('')) as Snapshot).measured)).toEqual(['loss', 'gradNorm'])
  })

  test('keys what belongs to a layer by its position among pools and flattens', async () => {
    const model = { kind: 'cnn', family: 'lenet', pooling: 'max' }
    const path = file({
      model,
      data: { kind: 'digits', trainCount: 20, testCount: 0 },
      diagnostics: { probeCount: 2 },
      seeds: 1,
      versus: null,
    })
    expect(await main([path, '--backend', 'cpu', '--only', 'loss,gradNorm'])).toBe(0)
    const { problem, measured } = JSON.parse(out.join('')) as Snapshot
    const types = problem.weights.map((layer) => (typeof layer === 'object' ? layer.type : 'number'))
    expect(types).toEqual(['conv', 'maxPool', 'conv', 'maxPool', 'flatten', 'dense', 'dense', 'dense'])
    expect(Object.keys(measured.gradNorm!.perLayer)).toEqual(['0', '2', '5', '6', '7'])
  })

  test('takes a weight that is exactly zero', async () => {
    const problem = {
      model: { kind: 'chain', activation: 'linear', outputActivation: 'linear' },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [2, 0, 3],
      inputs: [[1]],
      targets: [[1]],
    }
    expect(await main(['--problem', file(problem)])).toBe(0)
    const { measured } = JSON.parse(out.join('')) as Snapshot
    // f = 0: only the gradient of the zero weight is not zero, g = (f - y) 2 * 3 = -6; H holds 36 there and -3, -2 beside it.
    expect(measured.gradNorm?.perLayer).toEqual({ 0: 0, 1: 6, 2: 0 })
    expect(measured.gradNorm?.log10PerLayer[0]).toBe('-inf')
    expect(measured.hessian?.trace).toBeCloseTo(36, 12)
    expect(measured.hessian?.frobenius).toBeCloseTo(Math.sqrt(36 ** 2 + 2 * 9 + 2 * 4), 12)
  })

  test.each([
    ['not JSON', 'xx', 'input: not JSON'],
    ['a depth out of range', { model: { depth: -3 } }, 'model.depth'],
    ['an unknown key', { modle: 1 }, 'modle: unknown'],
    ['a list', [], 'experiment'],
  ])('refuses %s with exit code 2 and one line', async (_, content, words) => {
    expect(await main([file(content)])).toBe(2)
    expect(out).toEqual([])
    expect(err).toHaveLength(1)
    expect(err[0]).toMatch(/^measure: [^\n]+\n$/u)
    expect(err[0]).toContain(words)
  })

  test.each([
    ['layers that do not fit', { weights: [layer(2, 3), layer(1, 4)] }, 'does not fit the layer before'],
    ['a short row of inputs', { inputs: [[1, 2]] }, 'wrong number of entries'],
    ['an index outside the samples', { batches: [[0, 9]] }, 'out of range'],
    ['batch norm', { model: { kind: 'mlp', activation: 'relu', outputActivation: 'linear', batchNorm: true } }, 'problem.model.bnMode'],
    ['no loss', { loss: undefined }, 'problem.loss'],
  ])('refuses a problem with %s', async (_, change, words) => {
    const problem = {
      model: { kind: 'mlp', activation: 'relu', outputActivation: 'linear' },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [layer(2, 3), layer(1, 2)],
      inputs: [[1, 2, 3]],
      targets: [[1]],
      ...change,
    }
    expect(await main(['--problem', file(problem)])).toBe(2)
    expect(err[0]).toContain(words)
  })

  test('refuses brackets within brackets by the thousand in one line', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    for (const args of [
      [file(`{"model": ${deep}}`)],
      ['--problem', file(deep)],
      ['--problem', file(`{"model": {}, "problem": ${deep}}`)],
    ]) {
      err.length = 0
      expect(await main(args)).toBe(2)
      expect(err).toHaveLength(1)
      expect(err[0]).toMatch(/^measure: [^\n]+got a list of 1[^\n]+\n$/u)
    }
  })

  test('reads a file that begins with a byte-order mark', async () => {
    expect(await main([file(`\uFEFF${JSON.stringify(CHAIN)}`), '--only', 'loss'])).toBe(0)
  })

  test('leaves out comparisons of each with each where there are too many, and says so', async () => {
    const count = 20_000
    const problem = {
      model: { kind: 'mlp', activation: 'relu', outputActivation: 'linear' },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [layer(2, 3), layer(1, 2)],
      inputs: Array.from({ length: count }, () => [1, 2, 3]),
      targets: Array.from({ length: count }, () => [1]),
      batches: Array.from({ length: count }, (_, i) => [i]),
    }
    expect(await main(['--problem', file(problem), '--backend', 'cpu', '--only', 'loss,perSample,batchGradients'])).toBe(0)
    const { measured, omitted } = JSON.parse(out.join('')) as Snapshot
    expect(Object.keys(measured)).toEqual(['loss'])
    expect(omitted.map(({ name, why }) => [name, why.split(',')[0]])).toEqual([
      ['perSample', '20000 samples'],
      ['batchGradients', '20000 batches'],
    ])
  })

  test('exits 3 and names the layer when the run diverged', async () => {
    const path = file({ model: { kind: 'chain', depth: 3 }, init: { tau: 3 }, optimizer: { kind: 'sgd', lr: 100 }, seeds: 1, versus: null })
    expect(await main([path, '--step', '200'])).toBe(3)
    expect(err[0]).toMatch(/^measure: diverged: .*weight \d/u)
  })

  test('refuses a linearised arm, whose numbers no problem file can state, and measures arm A beside it', async () => {
    const path = file({ ...CHAIN, versus: { linearised: true } })
    expect(await main([path, '--arm', 'B'])).toBe(2)
    expect(err).toEqual(['measure: --arm: not a network, got B, which is linearised, expected A\n'])
    expect(await main([path, '--arm', 'A', '--only', 'loss'])).toBe(0)
  })

  test('refuses an arm, a seed and a step that the experiment does not have', async () => {
    const single = file({ ...CHAIN, versus: null })
    expect(await main([single, '--arm', 'B'])).toBe(2)
    expect(await main([single, '--seed-index', '2'])).toBe(2)
    expect(await main([single, '--step', '999999'])).toBe(2)
    expect(err).toHaveLength(3)
  })

  test('says the version of the package', () => {
    expect(APP_VERSION).toBe(packageJson.version)
  })
})

function layer(out_: number, input: number): unknown {
  return { type: 'dense', W: { shape: [out_, input], data: Array.from({ length: out_ * input }, (_, i) => 0.1 * (i + 1)) } }
}
