// How often is each instrument asked, and what does it cost?
import { INSTRUMENTS } from '../../../core/instruments.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { InstrumentName } from '../../../core/sample.ts'
import type { DemandView } from '../../../store/labState.ts'
import { NumberBox, Slider } from '../../controls/Slider.tsx'
import { useLab, useLabState } from '../../lab.tsx'
import { shortNumber } from '../../numberText.ts'
import { NumberField } from './formParts.tsx'

/** In percent; null where nobody knows. */
function shareOf(progress: DemandView['progress']): number | null {
  return progress === null || progress.total === 0 ? null : Math.round((100 * progress.done) / progress.total)
}

/** Asks for one measurement, or takes it back. */
function AtOnce({ name, label }: { readonly name: Exclude<InstrumentName, 'loss'>; readonly label: string }) {
  const { run } = useLab()
  const asked = useLabState((state) => state.demands[name])
  const share = shareOf(asked?.progress ?? null)
  return (
    <button
      type="button"
      className="link-button"
      aria-label={asked === undefined ? `Measure ${label} now` : `Cancel: ${label}`}
      onClick={() => (asked === undefined ? run.measureNow(name) : run.cancel(name))}
    >
      {asked === undefined ? 'Measure now' : share === null ? 'Cancel' : `Cancel (${share} %)`}
    </button>
  )
}

/** Schedule and cost of each instrument; takes effect at once and never restarts a run. */
export function InstrumentsSection() {
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
              <th scope="col" className="cost">
                Last took
              </th>
              <th scope="col" className="cost">
                In training steps
              </th>
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
                  <td className="cost">{cost === undefined ? '–' : `${shortNumber(cost.duration)} ms`}</td>
                  <td className="cost">{cost === undefined ? '–' : shortNumber(cost.stepRatio)}</td>
                  <td>
                    <AtOnce name={name} label={instrument.label} />
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
