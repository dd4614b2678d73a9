// What else shapes the network? Only what its model reads: a chain has none of it.
import type { ModelSettings } from '../../../core/experiment.ts'
import { armExperiment, armsOf } from '../../../core/resolve.ts'
import { ArmSelect } from '../../controls/ArmSelect.tsx'
import { BlocksField } from '../../controls/BlocksField.tsx'
import type { Choice } from '../../controls/choices.tsx'
import {
  ACTIVATION_CHOICES,
  KERNEL_CHOICES,
  OUTPUT_WEIGHT_CHOICES,
  PADDING_CHOICES,
  PLACEMENT_CHOICES,
  POOLING_CHOICES,
} from '../../controls/words.ts'
import { useLabState } from '../../lab.tsx'
import { shortNumber } from '../../numberText.ts'
import { Section } from './formParts.tsx'

/** Activations, bias, scaling; filters and pools of a CNN; how skips join, where there are any. */
export function NetworkSection() {
  const experiment = useLabState((state) => state.experiment)
  const { model } = experiment
  if (model.kind === 'chain') return null
  const skips = armsOf(experiment).some((arm) => armExperiment(experiment, arm).model.skipSpan > 0)
  return (
    <Section title="Network">
      <ArmSelect path="model.activation" label="Activation" choices={ACTIVATION_CHOICES} />
      <ArmSelect path="model.outputActivation" label="Output" name="Output activation" choices={ACTIVATION_CHOICES} />
      <ArmSelect path="model.bias" label="Bias" choices={ON_OFF} parse={(value) => value === 'true'} />
      <ArmSelect path="model.parameterization" label="Scaling" name="Parameterization" choices={SCALING_CHOICES} />
      {model.kind === 'mlp' && <ArmSelect path="model.outputWeights" label="Output weights" choices={OUTPUT_WEIGHT_CHOICES} />}
      {model.kind === 'cnn' && <ConvolutionFields family={model.family} />}
      {skips && (
        <>
          <ArmSelect path="model.skipPlacement" label="Skip joins" name="Where a skip joins" choices={PLACEMENT_CHOICES} />
          <ArmSelect
            path="model.branchScale"
            label="Branch factor"
            name="Factor of the branch of a skip"
            choices={branchChoices(model.branchScale)}
            parse={(value) => (value === 'null' ? null : Number(value))}
          />
        </>
      )}
    </Section>
  )
}

function ConvolutionFields({ family }: { readonly family: ModelSettings['family'] }) {
  const lenet = family === 'lenet'
  return (
    <>
      {family === 'stripped' && <BlocksField />}
      {!lenet && <ArmSelect path="model.kernel" label="Filters" name="Side of the filters" choices={KERNEL_CHOICES} parse={Number} />}
      <ArmSelect path="model.padding" label="Padding" choices={PADDING_CHOICES} />
      {lenet && <ArmSelect path="model.pooling" label="Pooling" choices={POOLING_CHOICES} />}
    </>
  )
}

const ON_OFF = [
  { value: 'true', label: 'On' },
  { value: 'false', label: 'Off' },
] as const

const SCALING_CHOICES = [
  { value: 'standard', label: 'Standard' },
  { value: 'ntk', label: 'Tangent kernel, 1/√fan-in' },
] as const

/** 1 and 1/sqrt(blocks), and whatever else a link has brought. */
function branchChoices(value: number | null): readonly Choice<string>[] {
  const own = value === null || value === 1 ? [] : [{ value: String(value), label: shortNumber(value) }]
  return [{ value: '1', label: '1' }, { value: 'null', label: '1/√blocks' }, ...own]
}
