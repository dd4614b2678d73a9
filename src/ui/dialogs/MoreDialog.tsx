// Everything that an experiment can say and the column has no room for.
import type { ReactNode, Ref } from 'react'
import { INSTRUMENTS } from '../../core/instruments.ts'
import { LIMITS, type LimitName } from '../../core/limits.ts'
import type { InstrumentName } from '../../core/sample.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import { SelectRow } from '../controls/choices.tsx'
import { NumberBox, Slider } from '../controls/Slider.tsx'
import { ACTIVATION_CHOICES, ENGINE_CHOICES, LOSS_CHOICES } from '../controls/words.ts'
import { useLab, useLabState } from '../lab.tsx'
import { shortNumber } from '../numberText.ts'
import { Dialog } from './Dialog.tsx'

/** The dialog behind "More settings". */
export function MoreDialog({ ref }: { readonly ref: Ref<HTMLDialogElement> }) {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const { model, data, loss } = experiment
  const chain = model.kind === 'chain'
  return (
    <Dialog ref={ref} title="More settings" size="wide">
      <Section title="Network">
        <SelectRow
          label="Activation"
          name="Activation"
          disabled={chain}
          choices={ACTIVATION_CHOICES}
          value={model.activation}
          onChange={(value) => run.setField('model.activation', value)}
        />
        <SelectRow
          label="Output"
          name="Output activation"
          disabled={chain}
          choices={ACTIVATION_CHOICES}
          value={model.outputActivation}
          onChange={(value) => run.setField('model.outputActivation', value)}
        />
        <SelectRow
          label="Bias"
          name="Bias"
          disabled={chain}
          choices={ON_OFF}
          value={model.bias ? 'on' : 'off'}
          onChange={(value) => run.setField('model.bias', value === 'on')}
        />
        <SelectRow
          label="Scaling"
          name="Parameterization"
          disabled={chain}
          choices={[
            { value: 'standard', label: 'Standard' },
            { value: 'ntk', label: 'Tangent kernel, 1/√fan-in' },
          ]}
          value={model.parameterization}
          onChange={(value) => run.setField('model.parameterization', value)}
        />
      </Section>
      <Section title="Data and loss">
        <NumberField path="data.trainCount" limit="trainCount" label="Training samples" />
        <NumberField path="data.testCount" limit="testCount" label="Test samples" />
        <SelectRow
          label="Image side"
          name="Image side"
          disabled={data.kind !== 'fashionMnist'}
          choices={[
            { value: '7', label: '7 × 7' },
            { value: '14', label: '14 × 14' },
            { value: '28', label: '28 × 28' },
          ]}
          value={`${data.side}`}
          onChange={(value) => run.setField('data.side', Number(value))}
        />
        <SelectRow
          label="Pixels"
          name="Scaling of inputs"
          choices={[
            { value: 'unit', label: 'As they are' },
            { value: 'standardised', label: 'Standardised' },
          ]}
          value={data.scaling}
          onChange={(value) => run.setField('data.scaling', value)}
        />
        <NumberField path="data.inputs" limit="inputs" label="Input dimension" />
        <NumberField path="data.noise" limit="noise" label="Target noise" />
        <SelectRow
          label="Loss"
          name="Loss"
          choices={LOSS_CHOICES}
          value={loss.kind}
          onChange={(value) => run.setField('loss.kind', value)}
        />
        <SelectRow
          label="Over samples"
          name="Reduction of the loss"
          choices={[
            { value: 'mean', label: 'Mean' },
            { value: 'sum', label: 'Sum' },
          ]}
          value={loss.reduction}
          onChange={(value) => run.setField('loss.reduction', value)}
        />
      </Section>
      <Section title="Run">
        <NumberField path="steps" limit="steps" label="Steps" />
        <NumberField path="seed" limit="seed" label="Seed" />
        <NumberField path="optimizer.momentum" limit="momentum" label="Momentum μ" />
        <NumberField path="optimizer.decay" limit="decay" label="RMSprop decay" />
        <NumberField path="optimizer.beta1" limit="beta1" label="Adam β₁" />
        <NumberField path="optimizer.beta2" limit="beta2" label="Adam β₂" />
        <NumberField path="optimizer.eps" limit="eps" label="ε outside the root" />
        <SelectRow
          label="Engine"
          name="Engine"
          choices={ENGINE_CHOICES}
          value={experiment.engine}
          onChange={(value) => run.setField('engine', value)}
        />
      </Section>
      <Instruments />
    </Dialog>
  )
}

const ON_OFF = [
  { value: 'on', label: 'On' },
  { value: 'off', label: 'Off' },
] as const

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="form-section">
      <h3 className="section-title">{title}</h3>
      <div className="form-grid">{children}</div>
    </section>
  )
}

function NumberField({ path, limit, label }: { readonly path: string; readonly limit: LimitName; readonly label: string }) {
  const { run } = useLab()
  const value = useLabState((state) => fieldOfArm(state.experiment, 'A', path))
  const bounds = LIMITS[limit]
  return (
    <div className="field-row">
      <span className="field-label">{label}</span>
      <NumberBox
        name={`${label}, from ${shortNumber(bounds.min)} to ${shortNumber(bounds.max)}`}
        value={typeof value === 'number' ? value : NaN}
        format={(number) => (Number.isNaN(number) ? 'auto' : shortNumber(number, 10))}
        onCommit={(number) => run.setField(path, number)}
      />
    </div>
  )
}

/** Schedule and cost of each instrument; takes effect at once and never restarts a run. */
function Instruments() {
  const { run, store } = useLab()
  const diagnostics = useLabState((state) => state.experiment.diagnostics)
  // Costs live behind the revision of the columns.
  useLabState((state) => state.revision)
  const costs = store.getState().columns.A.costs
  return (
    <section className="form-section">
      <h3 className="section-title">Instruments</h3>
      <div className="table-scroll">
        <table className="data-table">
          <thead>
            <tr>
              <th scope="col" className="text-left">
                Instrument
              </th>
              <th scope="col">Every … steps (0: off)</th>
              <th scope="col">Last took</th>
              <th scope="col">In training steps</th>
              <th scope="col">
                <span className="sr-only">At once</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {INSTRUMENTS.filter((instrument) => instrument.name !== 'loss').map((instrument) => {
              const name = instrument.name as Exclude<InstrumentName, 'loss'>
              const cost = costs.get(name)
              return (
                <tr key={name}>
                  <td className="text-left">{instrument.label}</td>
                  <td>
                    <NumberBox
                      name={`${instrument.label}, every how many steps`}
                      value={diagnostics.every[name]}
                      format={String}
                      onCommit={(value) =>
                        run.setSchedule({ ...diagnostics.every, [name]: Math.max(0, Math.round(value)) }, diagnostics.budget)
                      }
                    />
                  </td>
                  <td>{cost === undefined ? '–' : `${shortNumber(cost.duration)} ms`}</td>
                  <td>{cost === undefined ? '–' : shortNumber(cost.stepRatio)}</td>
                  <td>
                    <button type="button" className="link-button" onClick={() => run.measureNow(name)}>
                      Measure now
                    </button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <Slider
        label="Largest share of the time for all instruments"
        name="Largest share of the time for all instruments"
        limit={LIMITS.budget}
        value={diagnostics.budget}
        format={(value) => `${Math.round(value * 100)} %`}
        valueText={(value) => `${Math.round(value * 100)} percent`}
        onChange={(value) => run.setSchedule(diagnostics.every, value)}
      />
      <div className="form-grid">
        <NumberField path="diagnostics.probeCount" limit="probeCount" label="Probe samples" />
        <NumberField path="diagnostics.pairCount" limit="pairCount" label="Pairs of batches" />
        <NumberField path="diagnostics.pairBatch" limit="pairBatch" label="Batch of a pair" />
        <NumberField path="diagnostics.lanczosSteps" limit="lanczosSteps" label="Lanczos steps" />
        <NumberField path="diagnostics.lanczosProbes" limit="lanczosProbes" label="Lanczos probes" />
      </div>
    </section>
  )
}
