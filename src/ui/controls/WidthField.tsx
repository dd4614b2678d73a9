// How wide? As the slider says; or, with equal parameters, as wide as a budget of weights allows at this depth.
import { LIMITS, type Limit } from '../../core/limits.ts'
import { useLab, useLabState } from '../lab.tsx'
import { groupedNumber } from '../numberText.ts'
import { BudgetCurve } from '../theory/BudgetCurve.tsx'
import { ArmSlider, ownFieldOfB } from './ArmSlider.tsx'
import { hasDepth } from './familyChoice.ts'
import { solvedWidth } from './networkOf.ts'
import { Slider } from './Slider.tsx'

const BUDGET: Limit = { ...LIMITS.parameterBudget, min: 100, softMax: 1_000_000 }

/** The slider of the width, or that of the budget; nothing where the model knows neither. */
export function WidthField() {
  const model = useLabState((state) => state.experiment.model)
  const twoWidths = useLabState((state) => ownFieldOfB(state.experiment.versus, 'model.width'))
  if (!hasDepth(model)) return null
  if (model.kind === 'chain') return <ChainWidth />
  if (model.kind === 'mlp' && model.parameterBudget !== null) return <BudgetField />
  return (
    <ArmSlider
      path="model.width"
      limit="width"
      label={model.kind === 'cnn' ? 'Channels' : 'Width'}
      whole
      valueText={(value) => `${value} ${model.kind === 'cnn' ? 'channels' : 'units'}`}
      // Two widths cannot be compared while the width follows from something else.
      aside={model.kind === 'mlp' && !twoWidths ? <EqualParameters /> : undefined}
    />
  )
}

/** Stands still: that a chain is one unit wide is what makes it one. */
function ChainWidth() {
  return (
    <Slider
      label="Width"
      name="Width"
      whole
      disabled
      limit={LIMITS.width}
      value={1}
      valueText={() => 'A chain is one unit wide'}
      onChange={() => undefined}
    />
  )
}

function BudgetField() {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const words = (arm: 'A' | 'B') => {
    const { width, parameters } = solvedWidth(experiment, arm)
    return `width ${width}, ${groupedNumber(parameters)} weights`
  }
  const both = ownFieldOfB(experiment.versus, 'model.depth')
  return (
    <>
      <Slider
        label="Budget"
        name="Parameter budget"
        whole
        limit={BUDGET}
        value={experiment.model.parameterBudget ?? BUDGET.min}
        format={groupedNumber}
        valueText={(value) => `about ${value} parameters, ${words('A')}`}
        aside={<EqualParameters />}
        onChange={(value, dragging) => run.setField('model.parameterBudget', value, dragging)}
        onEnd={run.endDrag}
      />
      {both ? (
        <p className="hint" data-testid="solved-width">
          <span className="arm-a">A {words('A')}</span>
          <br />
          <span className="arm-b">B {words('B')}</span>
        </p>
      ) : (
        <p className="hint" data-testid="solved-width">
          {words('A')}
        </p>
      )}
      <BudgetCurve />
    </>
  )
}

/** Switches between a width and a budget of as many parameters as the network has now. */
function EqualParameters() {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const on = experiment.model.parameterBudget !== null
  const toggle = () => {
    if (on) return run.setFields({ 'model.parameterBudget': null, 'model.width': solvedWidth(experiment, 'A').width })
    const budget = Math.max(LIMITS.parameterBudget.min, solvedWidth(experiment, 'A').parameters)
    return run.setFields({ 'model.parameterBudget': budget })
  }
  return (
    <label className="inline-check" title="The depth slider then solves the width, so that networks of equal size are compared">
      <input type="checkbox" checked={on} onChange={toggle} />
      equal parameters
    </label>
  )
}
