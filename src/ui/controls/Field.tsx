// Which control belongs to which name? What the column and an embed share.
import { LIMITS } from '../../core/limits.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import { hasUnitWeights } from '../../core/weightVariance.ts'
import type { ControlName } from '../../store/viewOptions.ts'
import { useLab, useLabState } from '../lab.tsx'
import { ArmSelect } from './ArmSelect.tsx'
import { ArmSlider } from './ArmSlider.tsx'
import { Segmented, SelectRow } from './choices.tsx'
import { DataSelect } from './DataSelect.tsx'
import { DepthOfBlocks } from './BlocksField.tsx'
import { allowedDepth, depthWords, fieldsForFamily, hasBlocks, hasDepth } from './familyChoice.ts'
import { withModelKind } from './modelSwitch.ts'
import { NormSkipFields } from './NormSkipFields.tsx'
import { OptimizerField } from './OptimizerField.tsx'
import { Slider } from './Slider.tsx'
import { schemeNumber, tauInWords, tauMarks } from './tauMarks.ts'
import { WidthField } from './WidthField.tsx'
import { ACTIVATION_CHOICES, FAMILY_CHOICES, MODEL_CHOICES, SCHEME_CHOICES } from './words.ts'

/** One control by name; nothing where the model does not know what it sets. */
export function Field({ name }: { readonly name: ControlName }) {
  const { run, view } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const { model } = experiment
  switch (name) {
    case 'depth':
      if (!hasDepth(model)) return null
      if (hasBlocks(model) && model.blocks !== null) return <DepthOfBlocks />
      return (
        <ArmSlider
          path="model.depth"
          limit="depth"
          label="Depth"
          whole
          settle={(arm, wanted) => allowedDepth(armExperiment(experiment, arm).model, wanted)}
          valueText={(value) => `${value} layers`}
          aside={<span className="grow small muted not-present">{depthWords(model)}</span>}
        />
      )
    case 'width':
      return <WidthField />
    case 'tau': {
      const numbers = new Set(armsOf(experiment).map((arm) => schemeNumber(armExperiment(experiment, arm))))
      return (
        <>
          {numbers.has('gain') && <ArmSlider path="init.gain" limit="gain" label="Gain" />}
          {numbers.has('tau') && (
            <ArmSlider path="init.tau" limit="tau" label="Scale τ" marks={tauMarks(experiment)} valueText={tauInWords} />
          )}
        </>
      )
    }
    case 'batch':
      return <ArmSlider path="batch" limit="batch" label="Batch" whole />
    case 'seeds':
      return (
        <Slider
          label="Seeds"
          name="Number of seeds"
          whole
          limit={LIMITS.seeds}
          value={experiment.seeds}
          valueText={(value) => `${value} starts at once`}
          onChange={(value, dragging) => run.setField('seeds', value, dragging)}
          onEnd={run.endDrag}
        />
      )
    case 'lr':
    case 'optimizer': {
      const comparing = experiment.versus?.optimizer !== undefined
      return (
        <>
          <OptimizerField arm="A" named={comparing} />
          {comparing && <OptimizerField arm="B" named />}
        </>
      )
    }
    case 'model':
      // Another model is another question: the lesson's own would no longer be answered.
      return (
        <Segmented
          name="Model"
          choices={MODEL_CHOICES}
          value={model.kind}
          onChange={(kind) => view.open({ experiment: withModelKind(experiment, kind), notices: [] })}
        />
      )
    case 'family':
      if (model.kind !== 'cnn') return null
      return (
        <SelectRow
          label="Family"
          name="Family of networks"
          choices={FAMILY_CHOICES}
          value={model.family}
          onChange={(family) => run.setFields(fieldsForFamily(family, experiment))}
        />
      )
    case 'norm':
      return model.kind === 'chain' ? null : <NormSkipFields />
    case 'activation':
      return model.kind === 'chain' ? null : <ArmSelect path="model.activation" label="Activation" choices={ACTIVATION_CHOICES} />
    case 'scheme':
      return (
        <ArmSelect
          path="init.scheme"
          label="Start"
          name="Initialiser"
          choices={SCHEME_CHOICES}
          disabled={hasUnitWeights(model)}
          title={hasUnitWeights(model) ? 'The tangent-kernel scaling draws N(0, 1), whatever stands here' : undefined}
        />
      )
    case 'data':
      return (
        <div className="field-row">
          <span className="field-label">Data</span>
          <DataSelect />
        </div>
      )
    default:
      return name satisfies never
  }
}
