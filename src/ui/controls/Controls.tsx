// Which few settings are always in reach? Those that a lecture moves; the rest waits behind one button.
import { Redo2, SlidersHorizontal, Undo2 } from 'lucide-react'
import { useRef } from 'react'
import type { DataSettings } from '../../core/experiment.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ControlName } from '../../store/viewOptions.ts'
import { MoreDialog } from '../dialogs/MoreDialog.tsx'
import { useLab, useLabState } from '../lab.tsx'
import { groupedNumber } from '../numberText.ts'
import { NetworkStrip } from '../stage/NetworkStrip.tsx'
import { ArmSlider } from './ArmSlider.tsx'
import { Segmented, Select, SelectRow } from './choices.tsx'
import { comparisonOf, differenceFor } from './comparison.ts'
import { withModelKind } from './modelSwitch.ts'
import { OptimizerField } from './OptimizerField.tsx'
import { NumberBox, Slider } from './Slider.tsx'
import { tauInWords, tauMarks, weightLaw } from './tauMarks.ts'
import { COMPARISON_CHOICES, DATA_CHOICES, MODEL_CHOICES, SCHEME_CHOICES } from './words.ts'

/** The left column of the page. */
export function Controls() {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const canUndo = useLabState((state) => state.edits.past.length > 0)
  const canRedo = useLabState((state) => state.edits.future.length > 0)
  const more = useRef<HTMLDialogElement>(null)
  const chain = experiment.model.kind === 'chain'
  const comparison = comparisonOf(experiment.versus)
  return (
    <aside className="controls" aria-label="Controls">
      <div className="title-row">
        <h2 className="section-title">Network</h2>
        <span className="undo-pair not-present">
          <button
            type="button"
            className="icon-button quiet"
            aria-label="Undo"
            title="Undo (Ctrl+Z)"
            disabled={!canUndo}
            onClick={run.undo}
          >
            <Undo2 />
          </button>
          <button
            type="button"
            className="icon-button quiet"
            aria-label="Redo"
            title="Redo (Ctrl+Shift+Z)"
            disabled={!canRedo}
            onClick={run.redo}
          >
            <Redo2 />
          </button>
        </span>
      </div>
      <div className="model-row">
        <Segmented
          name="Model"
          choices={MODEL_CHOICES}
          value={experiment.model.kind}
          onChange={(kind) => run.replace(withModelKind(experiment, kind), experiment, { ghost: false, autorun: false })}
        />
        <ParameterCount />
      </div>
      <Field name="depth" />
      <Field name="width" />
      <SelectRow
        className="not-present"
        label="Start"
        name="Initialiser"
        choices={SCHEME_CHOICES}
        value={experiment.init.scheme}
        onChange={(scheme) => run.setField('init.scheme', scheme)}
      />
      <Field name="tau" />
      <p className="hint not-present">{weightLaw(experiment)}</p>
      <NetworkStrip />

      <h2 className="section-title second">Training</h2>
      <SelectRow
        className="not-present"
        label="Compare"
        name="Compare"
        choices={COMPARISON_CHOICES.filter((choice) => !chain || !['width', 'batch', 'scheme'].includes(choice.value))}
        value={comparison}
        onChange={(chosen) => run.setField('versus', differenceFor(chosen, experiment))}
      />
      <Field name="lr" />
      <div className="field-row not-present">
        <span className="field-label">Data</span>
        <DataSelect />
      </div>
      {comparison === 'batch' && <Field name="batch" />}
      {chain ? (
        <div className="not-present">
          <Field name="seeds" />
        </div>
      ) : (
        <div className="field-row not-present">
          {comparison !== 'batch' && (
            <>
              <span className="field-label">Batch</span>
              <NumberBox name="Batch size" value={experiment.batch} format={String} onCommit={(value) => run.setField('batch', value)} />
            </>
          )}
          <span className="field-label">Seeds</span>
          <NumberBox name="Number of seeds" value={experiment.seeds} format={String} onCommit={(value) => run.setField('seeds', value)} />
        </div>
      )}
      <button type="button" className="button wide" onClick={() => more.current?.showModal()}>
        <SlidersHorizontal /> More settings
      </button>
      <MoreDialog ref={more} />
    </aside>
  )
}

/** One control by name: what the column and an embed share. */
export function Field({ name }: { readonly name: ControlName }) {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const chain = experiment.model.kind === 'chain'
  switch (name) {
    case 'depth':
      return <ArmSlider path="model.depth" limit="depth" label="Depth" whole valueText={(value) => `${value} layers`} />
    case 'width':
      return (
        <ArmSlider
          path="model.width"
          limit="width"
          label="Width"
          whole
          disabled={chain}
          format={chain ? () => '1' : undefined}
          valueText={(value) => (chain ? 'A chain is one unit wide' : `${value} units`)}
        />
      )
    case 'tau': {
      const used = experiment.init.scheme === 'uniform' || experiment.init.scheme === 'constant'
      return <ArmSlider path="init.tau" limit="tau" label="Scale τ" disabled={!used} marks={tauMarks(experiment)} valueText={tauInWords} />
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
      return (
        <Segmented
          name="Model"
          choices={MODEL_CHOICES}
          value={experiment.model.kind}
          onChange={(kind) => run.replace(withModelKind(experiment, kind), experiment, { ghost: false, autorun: false })}
        />
      )
    case 'scheme':
      return (
        <SelectRow
          label="Start"
          name="Initialiser"
          choices={SCHEME_CHOICES}
          value={experiment.init.scheme}
          onChange={(scheme) => run.setField('init.scheme', scheme)}
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
      name satisfies never
      return null
  }
}

function DataSelect() {
  const { run } = useLab()
  const kind = useLabState((state) => state.experiment.data.kind)
  const chain = useLabState((state) => state.experiment.model.kind === 'chain')
  const choices = DATA_CHOICES.filter((choice) => !chain || choice.value === 'point' || choice.value === 'line')
  return <Select name="Data" choices={choices} value={kind} onChange={(value) => run.setFields(fieldsFor(value))} />
}

/** Data with classes wants cross-entropy, the rest the squared error; asked for together so that no notice is needed. */
function fieldsFor(kind: DataSettings['kind']): Readonly<Record<string, unknown>> {
  const classes = kind === 'fashionMnist' || kind === 'digits' || kind === 'mixture'
  return { 'data.kind': kind, 'loss.kind': classes ? 'softmaxCrossEntropy' : 'squaredError' }
}

function ParameterCount() {
  const count = useLabState((state) => state.parameterCount.A)
  if (count === undefined) return null
  return <span className="small muted num">{groupedNumber(count)} weights</span>
}
