// Does the code keep to the import table and the house rules of the design?
//
// The second half breaks each rule on purpose, on made-up modules: a checker that cannot fail proves nothing.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readModule } from './layering/readModule.ts'
import { cycles, formViolations, layerViolations, machinePaths } from './layering/violations.ts'

// The folders are walked, git is not asked: a rule broken before the commit is cheaper than after.
const entries = ['src', 'tests', 'public', '.ci'].flatMap((folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    : [],
)
const texts = [...entries, ...readdirSync('.')]
  .filter((path) => /\.(?:tsx?|mjs|css|html|json|md|ya?ml)$|^\.ci\/|^\.npmrc$/.test(path) && statSync(path).isFile())
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const modules = texts
  .filter(({ path }) => /^(?:src|tests)\/.*\.tsx?$|^vite\.config\.ts$/.test(path))
  .map(({ path, text }) => readModule(path, text))

describe('the source', () => {
  test('was found', () => {
    expect(modules.filter(({ path }) => path.startsWith('src/')).length).toBeGreaterThan(5)
  })
  test('imports only what the table allows', () => {
    expect(modules.flatMap(layerViolations)).toEqual([])
  })
  test('has no import cycle', () => {
    expect(cycles(modules.filter(({ path }) => path.startsWith('src/')))).toEqual([])
  })
  test('keeps files short, typed, named and free of barrels', () => {
    expect(modules.flatMap(formViolations)).toEqual([])
  })
  test('opens every module with a header', () => {
    const bare = texts.filter(({ path, text }) => /^src\/.*\.(?:tsx?|mjs)$/.test(path) && !/^(?:\/\/|\/\*|#!)/.test(text))
    expect(bare.map(({ path }) => path)).toEqual([])
  })
  test('names no path of one machine', () => {
    expect(texts.flatMap(({ path, text }) => (path === 'tests/layering.test.ts' ? [] : machinePaths(path, text)))).toEqual([])
  })
})

const violations = (path: string, text: string) => layerViolations(readModule(path, text))

describe('the checker', () => {
  test.each([
    ['a folder outside the table', 'src/theory/a.ts', `import type { X } from '../engine/device.ts'`, 'theory may not import engine'],
    ['a late import', 'src/plots/a.ts', `export const late = () => import('../store/store.ts')`, 'plots may not import store'],
    ['a re-export', 'src/core/a.ts', `export { x } from '../numerics/x.ts'`, 'core may not import numerics'],
    ['an import type', 'src/core/a.ts', `export type X = import('../numerics/x.ts').X`, 'core may not import numerics'],
    ['the tests', 'src/core/a.ts', `import { x } from '../../tests/x.ts'`, 'outside src'],
    ['d3 outside plots', 'src/ui/a.tsx', `import { select } from 'd3'`, 'package d3'],
    ['tfjs outside engine', 'src/runtime/a.ts', `await import('@tensorflow/tfjs-core')`, 'package @tensorflow/tfjs-core'],
    ['react outside ui', 'src/store/a.ts', `import { useState } from 'react'`, 'package react'],
    ['the hook of zustand in store', 'src/store/a.ts', `import { create } from 'zustand'`, 'package zustand'],
    ['Node outside cli', 'src/data/a.ts', `import { readFileSync } from 'node:fs'`, 'only cli runs in Node'],
    ['the runtime by URL', 'src/ui/a.ts', `new Worker(new URL('../runtime/worker.ts', import.meta.url))`, 'reaches runtime by URL'],
    ['raw text', 'src/engine/a.ts', `import code from './kernel.wgsl?raw'`, 'Node cannot load'],
    ['the build environment', 'src/data/a.ts', `export const base = import.meta.env.BASE_URL`, 'may not use import.meta.env'],
    ['WebGPU outside engine', 'src/ui/a.ts', `export const gpu = () => navigator.gpu?.requestAdapter()`, 'may not use navigator.gpu'],
    ['WebGPU constants outside engine', 'src/plots/a.ts', `export const usage = GPUBufferUsage.STORAGE`, 'may not use GPU*'],
    ['the network in a pure folder', 'src/data/a.ts', `export const load = () => globalThis.fetch('x')`, 'may not use fetch'],
    ['unnamed randomness', 'src/numerics/a.ts', `export const noise = () => Math.random()`, 'may not use Math.random'],
    ['the host page outside embed', 'src/ui/a.ts', `window.parent.postMessage(1, '*')`, 'may not use window.parent'],
    ['frames outside store', 'src/ui/a.ts', `requestAnimationFrame(() => undefined)`, 'may not use requestAnimationFrame'],
    ['a folder of its own', 'src/extras/a.ts', `export const x = 1`, 'no folder extras'],
  ])('refuses %s', (_what, path, text, sentence) => {
    expect(violations(path, text).join('\n')).toContain(sentence)
  })

  test.each([
    [
      'what the table lists',
      'src/engine/a.ts',
      `import { x } from '../core/x.ts'\nimport * as tf from '@tensorflow/tfjs-core'\nawait navigator.gpu.requestAdapter()`,
    ],
    ['a name in a string or a comment', 'src/core/a.ts', `// window, fetch\nexport const text = 'document'`],
    ['a variable that shares a name', 'src/theory/a.ts', `export function mean(history: number[]) { return history.length }`],
    ['a key or a member that shares a name', 'src/core/a.ts', `export const a = (w: { self: number }) => ({ process: w.self })`],
    ['a global used as a type', 'src/protocol/a.ts', `export const listen = (worker: Worker, node: typeof document) => [worker, node]`],
    [
      'the one door to the Worker',
      'src/store/spawnWorker.ts',
      `export const spawn = () => new Worker(new URL('../runtime/worker.ts', import.meta.url))`,
    ],
    ['a subpath of an allowed package', 'src/ui/a.tsx', `import { createRoot } from 'react-dom/client'`],
  ])('allows %s', (_what, path, text) => {
    expect(violations(path, text)).toEqual([])
  })

  test('finds a cycle, across type imports too, and reports it once', () => {
    const ring = [
      readModule('src/core/a.ts', `import { b } from './b.ts'\nexport const a = b`),
      readModule('src/core/b.ts', `import type { C } from './c.ts'\nexport const b: C = 1`),
      readModule('src/core/c.ts', `import { a } from './a.ts'\nexport type C = number\nexport const c = a`),
    ]
    expect(cycles(ring)).toEqual(['src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts'])
    expect(cycles(ring.slice(0, 2))).toEqual([])
  })

  test.each([
    ['any', 'src/core/a.ts', `export const x: Map<string, any> = new Map()`],
    ['a barrel', 'src/core/a.ts', `export * from './b.ts'\nexport { c } from './c.ts'`],
    ['a barrel by way of imports', 'src/core/a.ts', `import { c } from './c.ts'\nexport { c }`],
    ['a vague name', 'src/core/utils.ts', `export const x = 1`],
    ['401 lines', 'src/core/a.ts', `export const x = 1\n`.padEnd(20 + 400, '\n')],
  ])('refuses %s', (_what, path, text) => {
    expect(formViolations(readModule(path, text))).toHaveLength(1)
  })

  test('finds paths of one machine and no others', () => {
    expect(machinePaths('a.ts', `open('/home/ada/data')\nC:\\Users\\ada`)).toHaveLength(2)
    expect(machinePaths('a.ts', `'/usr/bin/chromium' './work/x' 'https://host.example/home/ada' "../root/x"`)).toEqual([])
  })
})
