import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { trainArguments } from '../../src/cli/train/trainArguments.ts'

describe('trainArguments', () => {
  test('asks for nothing but the input when nothing else is said', () => {
    expect(trainArguments(['fashion'])).toEqual({
      input: 'fashion',
      steps: null,
      backend: null,
      engine: null,
      every: null,
      requireAccuracy: null,
      data: [],
    })
  })
  test('reads every flag, in both spellings', () => {
    const args = [
      '--steps=20',
      'run.json',
      '--backend',
      'webgpu',
      '--engine',
      'network',
      '--every',
      '5',
      '--require-accuracy',
      '0.75',
      '--data',
      'a.npy',
      '--data=b.npy',
    ]
    expect(trainArguments(args)).toEqual({
      input: 'run.json',
      steps: 20,
      backend: 'webgpu',
      engine: 'network',
      every: 5,
      requireAccuracy: 0.75,
      data: ['a.npy', 'b.npy'],
    })
  })
  test.each([
    ['no input', []],
    ['two inputs', ['race', 'fashion']],
    ['an unknown flag', ['race', '--stepz', '3']],
    ['zero steps', ['race', '--steps', '0']],
    ['half a step', ['race', '--steps', '1.5']],
    ['a share in percent', ['race', '--require-accuracy', '75']],
    ['an empty share', ['race', '--require-accuracy=']],
    ['an unknown backend', ['race', '--backend', 'webgl']],
    ['a wish that is none', ['race', '--engine', 'auto']],
  ])('refuses %s', (_what, args) => {
    expect(() => trainArguments(args)).toThrow(DomainFault)
  })
})
