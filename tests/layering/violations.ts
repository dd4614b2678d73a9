// Which rules of the design does a set of modules break?
//
// Every answer is one sentence that names the module and the rule, so a red test says what to move.
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import type { ModuleFacts } from './readModule.ts'
import { EFFECTS, LAYERS, NODE_ONLY_LAYER, WORKER_DOORS } from './table.ts'

/** The folder of `src` that a repository path belongs to (`main.tsx` for the entry), or null outside `src`. */
export function layerOf(path: string): string | null {
  return /^src\/([^/]+)/.exec(path)?.[1] ?? null
}

const resolved = (from: string, specifier: string) => posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ''))

function packageAllowed(allowed: readonly string[], specifier: string): boolean {
  return allowed.some((name) =>
    name.endsWith('/*')
      ? specifier.startsWith(name.slice(0, -1))
      : specifier === name || (specifier.startsWith(`${name}/`) && !name.includes('/')),
  )
}

function importViolation(path: string, layerName: string, specifier: string): string[] {
  const layer = LAYERS[layerName]
  if (specifier.startsWith('.')) {
    const target = layerOf(resolved(path, specifier))
    if (target === null) return [`${path}: imports ${specifier}, which is outside src`]
    if (target !== layerName && !layer.folders.includes(target)) return [`${path}: ${layerName} may not import ${target} (${specifier})`]
    return []
  }
  if (isBuiltin(specifier))
    return layerName === NODE_ONLY_LAYER
      ? []
      : [`${path}: ${layerName} may not import ${specifier}: only ${NODE_ONLY_LAYER} runs in Node alone`]
  return packageAllowed(layer.packages, specifier) ? [] : [`${path}: ${layerName} may not import the package ${specifier}`]
}

const touches = (globals: ReadonlySet<string>, effect: string) =>
  [...globals].some((name) =>
    effect.endsWith('*') ? name.startsWith(effect.slice(0, -1)) && !name.includes('.') : name === effect || name.startsWith(`${effect}.`),
  )

function urlViolation(path: string, layerName: string, specifier: string): string[] {
  const target = specifier.startsWith('.') ? layerOf(resolved(path, specifier)) : null
  if (target === null || target === layerName || WORKER_DOORS.includes(path)) return []
  return [`${path}: reaches ${target} by URL, which only ${WORKER_DOORS.join(', ')} may`]
}

/** Broken rules of imports, packages and effects of one module; empty for modules outside `src`. */
export function layerViolations(facts: ModuleFacts): readonly string[] {
  const layerName = layerOf(facts.path)
  if (layerName === null) return []
  const layer = LAYERS[layerName]
  if (layer === undefined) return [`${facts.path}: the design has no folder ${layerName}`]
  const viteOnly = facts.imports.filter((specifier) => specifier.includes('?') && layerName !== 'ui')
  return [
    ...facts.imports.flatMap((specifier) => importViolation(facts.path, layerName, specifier)),
    ...facts.urls.flatMap((specifier) => urlViolation(facts.path, layerName, specifier)),
    ...viteOnly.map((specifier) => `${facts.path}: imports ${specifier}, which Node cannot load`),
    ...EFFECTS.filter((effect) => !layer.effects.includes(effect) && touches(facts.globals, effect)).map(
      (effect) => `${facts.path}: ${layerName} may not use ${effect}`,
    ),
  ]
}

const MAX_LINES = 400
const VAGUE_NAMES = /\/(?:index|utils?|helpers?|common|misc)\.tsx?$/

/** Broken rules of form: size, `any`, barrels, vague names. */
export function formViolations(facts: ModuleFacts): readonly string[] {
  return [
    ...(facts.lineCount > MAX_LINES ? [`${facts.path}: ${facts.lineCount} lines, expected at most ${MAX_LINES}`] : []),
    ...(facts.anyCount > 0 ? [`${facts.path}: \`any\` ${facts.anyCount} times`] : []),
    ...(facts.isBarrel ? [`${facts.path}: a barrel, it only passes on what others export`] : []),
    ...(VAGUE_NAMES.test(facts.path) ? [`${facts.path}: a name that says nothing`] : []),
  ]
}

/** Each import cycle once, as the path from its first module back to itself; type imports count, since they tie modules as well. */
export function cycles(modules: readonly ModuleFacts[]): readonly string[] {
  const byPath = new Map(modules.map((facts) => [facts.path, facts]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' -> '))
      return
    }
    const facts = byPath.get(path)
    if (facts === undefined || done.has(path)) return
    for (const specifier of facts.imports.filter((name) => name.startsWith('.'))) visit(resolved(path, specifier), [...trail, path])
    done.add(path)
  }
  for (const { path } of modules) visit(path, [])
  return found
}

/** Absolute paths of somebody's machine in a text: home folders, mounted work folders, drive letters of users. */
export function machinePaths(path: string, text: string): readonly string[] {
  const pattern = /(?<![\w.$})\]*-])(?:\/(?:home|root|Users|work|workspace|mnt)\/[\w.-]+|[A-Z]:\\+Users\\+\w+)/g
  return [...text.matchAll(pattern)].map(([match]) => `${path}: names a path of one machine, got ${match}`)
}
