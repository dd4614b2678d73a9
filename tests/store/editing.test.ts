// Do edits go where the control points, and can each be taken back?
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import { withOptimizerChange } from '../../src/core/optimizerChanges.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'
import { EMPTY_HISTORY, endGesture, recordEdit, redoEdit, undoEdit } from '../../src/store/editHistory.ts'
import { effectiveOptimizer } from '../../src/store/effectiveOptimizer.ts'
import { fieldOfArm, withField } from '../../src/store/fieldPath.ts'
import { parseViewOptions } from '../../src/store/viewOptions.ts'

const at = (depth: number) => parseExperiment(withField(DEFAULT_EXPERIMENT, 'model.depth', depth)).experiment

describe('withField', () => {
  test('changes one field and leaves the original alone', () => {
    expect(at(9).model.depth).toBe(9)
    expect(DEFAULT_EXPERIMENT.model.depth).toBe(24)
  })
  test('makes the objects of arm B on the way', () => {
    const alone = { ...DEFAULT_EXPERIMENT, versus: null }
    const { experiment, notices } = parseExperiment(withField(alone, 'versus.model.depth', 12), alone)
    expect(notices).toEqual([])
    expect(experiment.versus).toEqual({ model: { depth: 12 } })
  })
})

describe('fieldOfArm', () => {
  test('reads arm B through its difference and falls back to arm A', () => {
    expect(fieldOfArm(DEFAULT_EXPERIMENT, 'B', 'optimizer.kind')).toBe('rmsprop')
    expect(fieldOfArm(DEFAULT_EXPERIMENT, 'B', 'model.depth')).toBe(24)
    expect(fieldOfArm(DEFAULT_EXPERIMENT, 'A', 'constructor.name')).toBeUndefined()
  })
})

describe('edit history', () => {
  test('takes a whole drag back in one step and brings it again', () => {
    let history = recordEdit(EMPTY_HISTORY, at(24), 'model.depth')
    history = recordEdit(history, at(25), 'model.depth')
    history = endGesture(recordEdit(history, at(26), 'model.depth'))
    history = recordEdit(history, at(30), 'model.depth')
    const first = undoEdit(history, at(40))!
    expect(first.experiment.model.depth).toBe(30)
    const second = undoEdit(first.history, first.experiment)!
    expect(second.experiment.model.depth).toBe(24)
    expect(undoEdit(second.history, second.experiment)).toBeNull()
    const again = redoEdit(second.history, second.experiment)!
    expect(again.experiment.model.depth).toBe(30)
    expect(redoEdit(again.history, again.experiment)!.experiment.model.depth).toBe(40)
  })
})

describe('effectiveOptimizer', () => {
  const slow = { ...DEFAULT_OPTIMIZER, lr: 0.01 }
  test('is the change from its step on, for its arm only', () => {
    const experiment = withOptimizerChange(DEFAULT_EXPERIMENT, { step: 100, arm: 'A', optimizer: slow })
    expect(effectiveOptimizer(experiment, 'A', 99).lr).toBe(0.1)
    expect(effectiveOptimizer(experiment, 'A', 100).lr).toBe(0.01)
    expect(effectiveOptimizer(experiment, 'B', 500).lr).toBe(0.002)
  })
})

describe('parseViewOptions', () => {
  test('reads what a host may say and ignores the rest', () => {
    const view = parseViewOptions('?embed=1&present=0&theme=dark&controls=depth,width,<b>&panels=cosines,loss,cosines&x=1')
    expect(view).toEqual({
      embed: true,
      present: false,
      theme: 'dark',
      autorun: false,
      controls: ['depth', 'width'],
      panels: ['cosines', 'loss'],
    })
    expect(parseViewOptions('?theme=javascript:1').theme).toBe('system')
  })
})
