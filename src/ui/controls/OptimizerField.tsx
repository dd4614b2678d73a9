// Optimizer and learning rate of one arm: the two settings that may change while a run is on its way.
import { useState } from 'react'
import type { ArmName, OptimizerSettings } from '../../core/experiment.ts'
import { LIMITS } from '../../core/limits.ts'
import { scheduledOptimizer } from '../../core/optimizerSchedule.ts'
import { effectiveOptimizer } from '../../store/effectiveOptimizer.ts'
import { useLab, useLabState } from '../lab.tsx'
import { shortNumber } from '../numberText.ts'
import { ArmLabel } from './ArmSlider.tsx'
import { Select } from './choices.tsx'
import { Slider } from './Slider.tsx'
import { OPTIMIZER_CHOICES } from './words.ts'

/** Kind and rate; shows what is at work at the step of the moment. */
export function OptimizerField({ arm, named }: { readonly arm: ArmName; readonly named: boolean }) {
  const { run } = useLab()
  const kind = useLabState((state) => effectiveOptimizer(state.experiment, arm, state.run.step).kind)
  const lr = useLabState((state) => effectiveOptimizer(state.experiment, arm, state.run.step).lr)
  const now = useLabState(({ experiment, run: { step } }) => scheduledOptimizer(effectiveOptimizer(experiment, arm, step), step).lr)
  // Mid-run a rate is sent when it is let go; until then the thumb must follow the hand.
  const [draft, setDraft] = useState<number | null>(null)
  const name = named ? `Learning rate of arm ${arm}` : 'Learning rate'
  return (
    <>
      <Slider
        label={named ? <ArmLabel arm={arm} label="Rate" /> : 'Rate'}
        name={name}
        tone={named ? (arm === 'A' ? 'a' : 'b') : 'ink'}
        limit={{ ...LIMITS.lr, min: 1e-6 }}
        value={draft ?? lr}
        valueText={(value) => `${shortNumber(value)} for ${kind}`}
        onChange={(value, dragging) => {
          setDraft(dragging ? value : null)
          run.setOptimizer(arm, { lr: value }, dragging)
        }}
        onEnd={() => {
          if (draft !== null) run.setOptimizer(arm, { lr: draft }, false)
          setDraft(null)
          run.endDrag()
        }}
        aside={
          <span className="grow" style={{ textAlign: 'right' }}>
            <Select
              name={named ? `Optimizer of arm ${arm}` : 'Optimizer'}
              choices={OPTIMIZER_CHOICES}
              value={kind}
              onChange={(value) => run.setOptimizer(arm, { kind: value, lr: USUAL_RATE[value] })}
            />
          </span>
        }
      />
      {now !== lr && <p className="hint">now {shortNumber(now)}, after drops</p>}
    </>
  )
}

/** A rate that does something sensible for each kind, so that changing the kind does not look like a divergence. */
const USUAL_RATE: Readonly<Record<OptimizerSettings['kind'], number>> = {
  sgd: 0.1,
  momentum: 0.02,
  nesterov: 0.02,
  perturbed: 0.1,
  rmsprop: 0.001,
  adam: 0.001,
}
