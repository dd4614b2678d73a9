// How is foreign JSON read without guessing?
//
// Each reader returns a typed value or refuses in one line that names the place; none repairs anything.
import { DomainFault } from './faults.ts'

/** A JSON object whose fields nobody has looked at yet. */
export type Json = Readonly<Record<string, unknown>>

/** Stops with `<where>: <what>, got <value>, expected <bound>`. @throws {DomainFault} always. */
export function refuse(where: string, what: string, got: unknown, expected: string): never {
  const shown = shortly(got)
  throw new DomainFault(`${where}: ${what}, got ${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}, expected ${expected}`)
}

function shortly(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing'
  } catch {
    // Brackets within brackets by the thousand: the parser reads them, the writer has no room to go down.
    return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
  }
}

/** @throws {DomainFault} when the value is no object. */
export function objectAt(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'not an object', value, 'an object')
  return value as Json
}

/** @throws {DomainFault} when the value is no list. */
export function listAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) refuse(where, 'not a list', value, 'a list')
  return value
}

/** A finite number within [min, max]. @throws {DomainFault} otherwise. */
export function numberAt(value: unknown, where: string, min = -Infinity, max = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(where, 'not a finite number', value, 'a finite number')
  if (value < min || value > max) refuse(where, 'out of range', value, `${min} .. ${max}`)
  return value
}

/** [length] finite numbers. @throws {DomainFault} otherwise. */
export function numbersAt(value: unknown, where: string, length: number): Float64Array {
  const list = listAt(value, where)
  if (list.length !== length) refuse(where, 'wrong number of entries', list.length, `${length}`)
  return Float64Array.from(list, (entry, i) => numberAt(entry, `${where}[${i}]`))
}

/** One of the given words. @throws {DomainFault} otherwise. */
export function choiceAt<Choice extends string>(value: unknown, where: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) refuse(where, 'unknown value', value, choices.join(' | '))
  return found
}

/** Fields that other software may set but that no engine here computes: only their neutral value is accepted. @throws {DomainFault} otherwise. */
export function neutral(object: Json, where: string, field: string, value: unknown): void {
  if (object[field] !== undefined && object[field] !== value)
    refuse(`${where}.${field}`, 'not supported', object[field], JSON.stringify(value))
}
