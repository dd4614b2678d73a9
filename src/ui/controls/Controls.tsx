// Which few settings are always in reach? Those that a lecture moves; the rest waits behind one button.
import { Redo2, Undo2 } from 'lucide-react'
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import { useLab, useLabState } from '../lab.tsx'
import { groupedNumber } from '../numberText.ts'
import { NetworkStrip } from '../stage/NetworkStrip.tsx'
import { ArmSelect } from './ArmSelect.tsx'
import { SelectRow } from './choices.tsx'
import { comparisonOf, differenceFor, isComparable } from './comparison.ts'
import { Field } from './Field.tsx'
import { MoreButton } from './MoreButton.tsx'
import { networkOf } from './networkOf.ts'
import { NumberBox } from './Slider.tsx'
import { equivalentTauWords, weightLaw } from './tauMarks.ts'
import { COMPARISON_CHOICES, PADDING_CHOICES } from './words.ts'

/** The left column of the page. */
export function Controls() {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const chain = experiment.model.kind === 'chain'
  const comparison = comparisonOf(experiment.versus)
  return (
    <aside className="controls" aria-label="Controls">
      <div className="title-row">
        <h2 className="section-title">Network</h2>
        <ParameterCount />
        <UndoPair />
      </div>
      <div className="model-row">
        <Field name="model" />
      </div>
      <div className="not-present">
        <Field name="family" />
      </div>
      <Field name="depth" />
      <Field name="width" />
      <Field name="norm" />
      <div className={comparison === 'activation' ? '' : 'not-present'}>
        <Field name="activation" />
      </div>
      {comparison === 'padding' && <ArmSelect path="model.padding" label="Padding" choices={PADDING_CHOICES} />}
      <div className="not-present">
        <Field name="scheme" />
      </div>
      <Field name="tau" />
      <StartHint />
      <NetworkStrip />

      <h2 className="section-title second">Training</h2>
      <SelectRow
        className="not-present"
        label="Compare"
        name="Compare"
        choices={COMPARISON_CHOICES.filter(({ value }) => value === comparison || isComparable(value, experiment))}
        value={comparison}
        onChange={(chosen) => run.setField('versus', differenceFor(chosen, experiment))}
      />
      <Field name="lr" />
      <div className="not-present">
        <Field name="data" />
      </div>
      {comparison === 'batch' && <Field name="batch" />}
      {chain ? (
        <div className="not-present">
          <Field name="seeds" />
        </div>
      ) : (
        <div className="field-row not-present">
          {comparison !== 'batch' && <BatchBox />}
          <span className="field-label">Seeds</span>
          <NumberBox name="Number of seeds" value={experiment.seeds} format={String} onCommit={(value) => run.setField('seeds', value)} />
        </div>
      )}
      <MoreButton />
    </aside>
  )
}

function UndoPair() {
  const { run } = useLab()
  const canUndo = useLabState((state) => state.edits.past.length > 0)
  const canRedo = useLabState((state) => state.edits.future.length > 0)
  return (
    <span className="undo-pair not-present">
      <button type="button" className="icon-button quiet" aria-label="Undo" title="Undo (Ctrl+Z)" disabled={!canUndo} onClick={run.undo}>
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
  )
}

/** What the weights are drawn from, and how large they are on the scale that compares all schemes; of both arms where they differ. */
function StartHint() {
  const experiment = useLabState((state) => state.experiment)
  const arms = armsOf(experiment)
  const words = arms.map((arm) => startWords(experiment, arm))
  const both = experiment.versus?.init?.scheme !== undefined
  return (
    <p className="hint not-present" title="τ ≙: the scale whose uniform law has as much variance">
      {both
        ? arms.map((arm, index) => (
            <span key={arm} className="line">
              <b className={arm === 'A' ? 'arm-a' : 'arm-b'}>{arm}</b> {words[index]}
            </span>
          ))
        : words[0]}
    </p>
  )
}

function startWords(experiment: Experiment, arm: ArmName): string {
  const own = armExperiment(experiment, arm)
  const equivalent = equivalentTauWords(own, networkOf(experiment, arm).layers)
  return unbroken(equivalent === '' ? weightLaw(own) : `${weightLaw(own)}; ${equivalent}`)
}

/** No line ends inside "fan-in" or between τ and its value. */
function unbroken(words: string): string {
  return words.replaceAll('fan-', 'fan-\u2060').replaceAll('τ ≙ ', 'τ\u00a0≙\u00a0')
}

function BatchBox() {
  const { run } = useLab()
  const batch = useLabState((state) => state.experiment.batch)
  const trainCount = useLabState((state) => state.experiment.data.trainCount)
  return (
    <>
      <span className="field-label">Batch</span>
      <NumberBox
        name="Batch size"
        value={batch}
        format={(value) => (value >= trainCount ? 'all' : String(value))}
        onCommit={(value) => run.setField('batch', value)}
      />
    </>
  )
}

function ParameterCount() {
  const count = useLabState((state) => state.parameterCount.A)
  return <span className="grow small muted num">{count === undefined ? '' : `${groupedNumber(count)} weights`}</span>
}
