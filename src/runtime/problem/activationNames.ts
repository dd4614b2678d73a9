// What are activations called in the public format? Its own words where it has them, ours where it is silent.
import type { Activation } from '../../core/experiment.ts'
import { refuse } from '../../core/strictJson.ts'

/** The name that a snapshot writes. */
export const ACTIVATION_NAMES: Readonly<Record<Activation, string>> = {
  identity: 'linear',
  relu: 'relu',
  tanh: 'tanh',
  tanh3: '3tanh',
  swish: 'swish',
  sigmoid: 'sigmoid',
  softsign: 'softsign',
  arctan: 'arctan',
  softplus: 'softplus',
  gelu: 'gelu',
  elu: 'elu',
}

/** What a problem file may say: the names of a snapshot, and those of an experiment. */
const READABLE: Readonly<Record<string, Activation>> = {
  ...Object.fromEntries(Object.keys(ACTIVATION_NAMES).map((name) => [name, name as Activation])),
  ...Object.fromEntries(Object.entries(ACTIVATION_NAMES).map(([own, name]) => [name, own as Activation])),
}

/** @throws {DomainFault} for an unknown name. */
export function activationAt(value: unknown, where: string): Activation {
  const found = typeof value === 'string' && Object.hasOwn(READABLE, value) ? READABLE[value] : undefined
  return found ?? refuse(where, 'unknown activation', value, Object.keys(READABLE).join(' | '))
}
