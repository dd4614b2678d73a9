// How much of the data, in which form, and what is asked of it? Only what this kind of data reads.
import type { DataSettings } from '../../../core/experiment.ts'
import { hasTwoClasses } from '../../../core/experimentRules.ts'
import { ArmSelect } from '../../controls/ArmSelect.tsx'
import { SelectRow, type Choice } from '../../controls/choices.tsx'
import { dataFields, fieldsForLoss, fieldsForTargets, lossObstacle } from '../../controls/dataChoice.ts'
import { LOSS_CHOICES } from '../../controls/words.ts'
import { useLab, useLabState } from '../../lab.tsx'
import { NumberField, Section } from './formParts.tsx'

/** Counts, images, dimensions, targets and loss. */
export function DataSection() {
  const { run } = useLab()
  const data = useLabState((state) => state.experiment.data)
  const model = useLabState((state) => state.experiment.model)
  const loss = useLabState((state) => state.experiment.loss)
  const fields = dataFields(data.kind)
  const imagesOut = model.kind === 'cnn' && model.family === 'imageToImage'
  const losses = LOSS_CHOICES.map((choice) => {
    const obstacle = lossObstacle(choice.value, data)
    return obstacle === null ? choice : { ...choice, label: `${choice.label} (${obstacle})`, disabled: true }
  })
  return (
    <Section title="Data and loss">
      {fields.counts && <NumberField path="data.trainCount" limit="trainCount" label="Training samples" />}
      <NumberField path="data.testCount" limit="testCount" label="Test samples" />
      {fields.inputs && <NumberField path="data.inputs" limit="inputs" label="Input dimension" />}
      {fields.outputs && <NumberField path="data.outputs" limit="outputs" label="Outputs" />}
      {fields.noise !== null && <NumberField path="data.noise" limit="noise" label={fields.noise} />}
      {fields.side && <ArmSelect path="data.side" label="Image side" choices={SIDES} parse={Number} />}
      {fields.scaling && <ArmSelect path="data.scaling" label="Pixels" name="Scaling of inputs" choices={SCALINGS} />}
      {fields.targets && (
        <SelectRow
          label="Targets"
          name="Targets"
          disabled={imagesOut}
          title={imagesOut ? 'An image-to-image network gives images back' : undefined}
          choices={hasTwoClasses(data) ? [...TARGETS, SIGNS] : TARGETS}
          value={data.targets}
          onChange={(targets) => run.setFields(fieldsForTargets(targets, data))}
        />
      )}
      <SelectRow
        label="Loss"
        name="Loss"
        choices={losses}
        value={loss.kind}
        onChange={(kind) => run.setFields(fieldsForLoss(kind, data))}
      />
      <ArmSelect path="loss.reduction" label="Over samples" name="Reduction of the loss" choices={REDUCTIONS} />
    </Section>
  )
}

const SIDES = [
  { value: '7', label: '7 × 7' },
  { value: '14', label: '14 × 14' },
  { value: '28', label: '28 × 28' },
  { value: '32', label: '32 × 32, margin' },
] as const

const SCALINGS = [
  { value: 'unit', label: 'As they are' },
  { value: 'standardised', label: 'Standardised' },
] as const

const TARGETS: readonly Choice<DataSettings['targets']>[] = [
  { value: 'labels', label: 'Labels' },
  { value: 'inputs', label: 'The inputs' },
]

/** Of two classes. */
const SIGNS = { value: 'signs', label: 'Labels as ±1' } as const

const REDUCTIONS = [
  { value: 'mean', label: 'Mean' },
  { value: 'sum', label: 'Sum' },
] as const
