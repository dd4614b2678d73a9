// What else drives the weights? The numbers that the chosen optimizers read, how batches are drawn, and what computes.
import type { ArmName, OptimizerSettings } from '../../../core/experiment.ts'
import { LIMITS, type LimitName } from '../../../core/limits.ts'
import { effectiveOptimizer } from '../../../store/effectiveOptimizer.ts'
import { SelectRow } from '../../controls/choices.tsx'
import { ENGINE_CHOICES, optimizerName } from '../../controls/words.ts'
import { useLab, useLabState } from '../../lab.tsx'
import { NumberField, Section } from './formParts.tsx'

/** One section per arm's optimizer, then what both share. */
export function TrainingSection() {
  const { run } = useLab()
  const engine = useLabState((state) => state.experiment.engine)
  const comparing = useLabState((state) => state.experiment.versus?.optimizer !== undefined)
  return (
    <>
      <OptimizerNumbers arm="A" />
      {comparing && <OptimizerNumbers arm="B" />}
      <Section title="Run">
        <NumberField path="steps" limit="steps" label="Steps" />
        <NumberField path="seed" limit="seed" label="Seed" />
        <Batches />
        <SelectRow
          label="Engine"
          name="Engine"
          choices={ENGINE_CHOICES}
          value={engine}
          onChange={(value) => run.setField('engine', value)}
        />
      </Section>
    </>
  )
}

type NumberName = {
  readonly [K in keyof OptimizerSettings]: OptimizerSettings[K] extends number | null ? K : never
}[keyof OptimizerSettings]
type OwnNumber = readonly [field: NumberName, limit: LimitName, label: string]

const EPS: OwnNumber = ['eps', 'eps', 'ε outside the root']
const OWN_NUMBERS: Readonly<Record<OptimizerSettings['kind'], readonly OwnNumber[]>> = {
  sgd: [],
  momentum: [['momentum', 'momentum', 'Momentum μ']],
  nesterov: [['momentum', 'momentum', 'Momentum μ']],
  rmsprop: [['decay', 'decay', 'Decay of the mean square'], EPS],
  adam: [['beta1', 'beta1', 'Adam β₁'], ['beta2', 'beta2', 'Adam β₂'], EPS],
  perturbed: [['noise', 'noise', 'Noise s on the gradient']],
}
const STEP_DECAY: readonly OwnNumber[] = [
  ['dropEvery', 'every', 'Drop the rate every … steps'],
  ['dropFactor', 'dropFactor', 'Factor of a drop'],
]

function OptimizerNumbers({ arm }: { readonly arm: ArmName }) {
  const { run } = useLab()
  const kind = useLabState((state) => effectiveOptimizer(state.experiment, arm, state.run.step).kind)
  const comparing = useLabState((state) => state.experiment.versus?.optimizer !== undefined)
  const drops = useLabState((state) => effectiveOptimizer(state.experiment, arm, state.run.step).dropEvery > 0)
  const numbers = [...OWN_NUMBERS[kind], ...(drops ? STEP_DECAY : STEP_DECAY.slice(0, 1))]
  return (
    <Section title={comparing ? `Optimizer of ${arm}: ${optimizerName(kind)}` : `Optimizer: ${optimizerName(kind)}`}>
      {numbers.map(([field, limit, label]) => (
        <NumberField
          key={field}
          arm={arm}
          path={`optimizer.${field}`}
          limit={limit}
          label={label}
          onCommit={(value) => run.setOptimizer(arm, { [field]: value })}
        />
      ))}
    </Section>
  )
}

const BATCH_CHOICES = [
  { value: 'withoutReplacement', label: 'Epoch by epoch' },
  { value: 'withReplacement', label: 'With replacement' },
  { value: 'full', label: 'All samples (GD)' },
] as const
const SMALL_BATCH = 64

/** How batches are drawn; the full batch is the largest that an experiment can name. */
function Batches() {
  const { run } = useLab()
  const full = useLabState(({ experiment: { batch, data } }) => batch >= data.trainCount)
  const sampling = useLabState((state) => state.experiment.sampling)
  return (
    <SelectRow
      label="Batches"
      name="How batches are drawn"
      choices={BATCH_CHOICES}
      value={full ? 'full' : sampling}
      onChange={(value) =>
        run.setFields(value === 'full' ? { batch: LIMITS.batch.max } : { sampling: value, ...(full ? { batch: SMALL_BATCH } : {}) })
      }
    />
  )
}
