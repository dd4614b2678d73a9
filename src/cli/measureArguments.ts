// What did the caller of `measure` ask for? Strict: an unknown word is refused, never ignored.
import { MEASURED_FIELDS, type MeasuredField } from '../core/snapshot.ts'
import { DomainFault } from '../core/faults.ts'

export interface MeasureRequest {
  readonly input: { readonly type: 'experiment' | 'problem'; readonly path: string }
  /** null: WebGPU where there is one, else float64. */
  readonly backend: 'webgpu' | 'float64' | null
  readonly step: number
  readonly only: readonly MeasuredField[]
  readonly arm: 'A' | 'B'
  readonly seedIndex: number
}

function count(flag: string, value: string): number {
  const number = Number(value)
  if (!/^\d+$/u.test(value) || !Number.isSafeInteger(number))
    throw new DomainFault(`${flag}: not a count, got ${JSON.stringify(value)}, expected an integer from 0`)
  return number
}

function oneOf<Choice extends string>(flag: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new DomainFault(`${flag}: unknown value, got ${JSON.stringify(value)}, expected ${choices.join(' | ')}`)
  return found
}

/**
 * Reads the command line.
 *
 * @throws {DomainFault} with one line `<what>: <what>, got <value>, expected <bound>`.
 */
export function measureArguments(args: readonly string[]): MeasureRequest {
  let input: MeasureRequest['input'] | null = null
  const request: { -readonly [Key in keyof Omit<MeasureRequest, 'input'>]: MeasureRequest[Key] } = {
    backend: null,
    step: 0,
    only: MEASURED_FIELDS,
    arm: 'A',
    seedIndex: 0,
  }
  const take = (path: string, type: MeasureRequest['input']['type']): void => {
    if (input !== null) throw new DomainFault(`arguments: more than one input, got ${JSON.stringify(path)}, expected one file or -`)
    input = { type, path }
  }
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] =
      args[i].startsWith('--') && args[i].includes('=')
        ? [args[i].slice(0, args[i].indexOf('=')), args[i].slice(args[i].indexOf('=') + 1)]
        : [args[i], null]
    if (flag === '-' || !flag.startsWith('-')) {
      take(flag, 'experiment')
      continue
    }
    const value = inline ?? args[++i]
    if (value === undefined) throw new DomainFault(`${flag}: no value, got nothing, expected one`)
    switch (flag) {
      case '--problem':
        take(value, 'problem')
        break
      case '--backend': {
        const backend = oneOf(flag, value, ['webgpu', 'float64', 'cpu'])
        request.backend = backend === 'cpu' ? 'float64' : backend
        break
      }
      case '--step':
        request.step = count(flag, value)
        break
      case '--only':
        request.only = value.split(',').map((name) => oneOf(flag, name.trim(), MEASURED_FIELDS))
        break
      case '--arm':
        request.arm = oneOf(flag, value, ['A', 'B'])
        break
      case '--seed-index':
        request.seedIndex = count(flag, value)
        break
      default:
        throw new DomainFault(
          `arguments: unknown flag, got ${JSON.stringify(flag)}, expected --problem | --backend | --step | --only | --arm | --seed-index`,
        )
    }
  }
  if (input === null) throw new DomainFault('arguments: no input, got nothing, expected an experiment file, - or --problem <file>')
  const { type } = input as MeasureRequest['input']
  if (type === 'problem' && (request.step > 0 || request.arm !== 'A' || request.seedIndex > 0)) {
    throw new DomainFault(`arguments: a problem is measured as it stands, got --step, --arm or --seed-index, expected none of them`)
  }
  return { ...request, input }
}
