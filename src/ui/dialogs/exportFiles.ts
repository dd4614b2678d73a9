// What does each entry of the export menu write? Files that say where they come from; loaded when somebody exports.
import { armsOf } from '../../core/resolve.ts'
import type { Sample } from '../../core/sample.ts'
import { APP_VERSION } from '../../core/version.ts'
import { pictureRecord, pngWithTexts, svgAddress, svgWithRecord } from '../../share/pictureRecord.ts'
import { runFileText, type Provenance } from '../../share/runFile.ts'
import { tidyCsv, type LossTable } from '../../share/tidyRows.ts'
import type { RunColumns } from '../../store/armColumns.ts'
import { hashOf } from '../../store/effects/address.ts'
import type { LabState } from '../../store/labState.ts'
import type { Lab } from '../lab.tsx'
import { questionOf } from '../question.ts'
import { downloadBlob, downloadText } from './download.ts'

/** Pixels of a PNG per CSS pixel. */
const PNG_SCALE = 2

/** The run as JSON: experiment, provenance, and everything measured. */
export function saveRunFile({ store }: Lab): void {
  const state = store.getState()
  const text = runFileText({
    provenance: provenanceOf(state),
    experiment: state.experiment,
    losses: lossTables(state.columns, state),
    samples: allSamples(state.columns),
  })
  downloadText(`${fileName(state)}.json`, 'application/json', text)
}

/** Everything measured as one tidy table, earlier runs included. */
export function saveTidyCsv({ store }: Lab): void {
  const state = store.getState()
  const runs = [
    { run: 'now', losses: lossTables(state.columns, state), samples: allSamples(state.columns) },
    ...state.ghosts.map((ghost) => ({
      run: ghost.label,
      losses: lossTables(ghost.columns, ghost),
      samples: allSamples(ghost.columns),
    })),
  ]
  downloadText(`${fileName(state)}.csv`, 'text/csv', tidyCsv(runs))
}

/** The main plot as a vector picture with its record. */
export function saveSvg(lab: Lab): void {
  const state = lab.store.getState()
  downloadText(`${fileName(state)}-${state.mainPanel}.svg`, 'image/svg+xml', svgWithRecord(svgOf(lab), recordOf(state)))
}

/** The main plot in pixels, twice as fine as the screen asks, with its record. @throws Error where the browser cannot draw it. */
export async function savePng(lab: Lab): Promise<void> {
  const state = lab.store.getState()
  const image = new Image()
  image.src = svgAddress(svgOf(lab))
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = image.width * PNG_SCALE
  canvas.height = image.height * PNG_SCALE
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('the browser gave no canvas')
  context.scale(PNG_SCALE, PNG_SCALE)
  context.drawImage(image, 0, 0)
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png')
  })
  if (blob === null) throw new Error('the browser made no picture')
  const bytes = pngWithTexts(new Uint8Array(await blob.arrayBuffer()), { Software: `Plateau ${APP_VERSION}`, Comment: recordOf(state) })
  downloadBlob(`${fileName(state)}-${state.mainPanel}.png`, new Blob([bytes], { type: 'image/png' }))
}

/** Weights, data and everything measured now, for other software to check. */
export async function saveSnapshot(lab: Lab): Promise<void> {
  const file = await lab.run.takeSnapshot('A')
  // Written where it was measured: its text is megabytes.
  if (file instanceof Blob) downloadBlob(`${fileName(lab.store.getState())}-snapshot.json`, file)
}

function svgOf({ pictures, store }: Lab): string {
  const picture = pictures.get(store.getState().mainPanel)
  if (picture === undefined) throw new Error('the main plot is not there yet')
  return picture()
}

function recordOf(state: LabState): string {
  return pictureRecord(provenanceOf(state), state.experiment)
}

function provenanceOf(state: LabState): Provenance {
  const chip = state.chips.A
  return {
    app: APP_VERSION,
    date: new Date().toISOString(),
    backend: chip === undefined ? 'none' : `${chip.backend} · ${chip.engine}`,
    adapter: chip?.adapter ?? null,
    link: `${location.origin}${location.pathname}${hashOf(state) ?? ''}`,
  }
}

function fileName(state: LabState): string {
  const { lesson } = questionOf(state)
  const { experiment } = state
  return `plateau-${lesson?.id ?? 'lab'}-seed${experiment.seed}`
}

function lossTables(columns: RunColumns, { experiment }: Pick<LabState, 'experiment'>): readonly LossTable[] {
  return armsOf(experiment).flatMap((arm) => {
    const { loss } = columns[arm]
    return loss === null ? [] : [{ arm, steps: loss.steps, values: loss.values, count: loss.count, seedCount: loss.seedCount }]
  })
}

function allSamples({ A, B }: RunColumns): readonly Sample[] {
  return [A, B].flatMap((arm) => [
    ...arm.evaluation.samples,
    ...arm.gradientNorms.samples,
    ...arm.cosines.samples,
    ...arm.hessian.samples,
    ...arm.kernel.samples,
  ])
}
