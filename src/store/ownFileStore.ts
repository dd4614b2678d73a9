// Which files of the user's own are here, and which are being looked at? A small store beside the laboratory's: bytes and
// previews are no part of an experiment, and a link, an undo or a lesson must not touch them.
//
// Nothing changes before Accept: reading, a refusal and Cancel leave experiment and run as they are.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Experiment, OwnFile } from '../core/experiment.ts'
import { fileInWords, withOwnFile } from '../core/ownFileChoice.ts'
import { parseExperiment } from '../core/parseExperiment.ts'
import type { OwnFilePreview } from '../core/ownFilePreview.ts'
import type { HeldFile, ReadOwnFilesAnswer, ReadOwnFilesRequest } from '../protocol/ownFileMessages.ts'
import type { LabStore } from './labStore.ts'
import type { RunActions } from './runActions.ts'
import type { ViewActions } from './viewActions.ts'

/** What the dialog shows. */
export type OwnFileDialog =
  | { readonly type: 'closed' }
  | { readonly type: 'reading'; readonly names: readonly string[] }
  /** `instead` is the file that the run waits for, when these are not it. */
  | { readonly type: 'preview'; readonly preview: OwnFilePreview; readonly held: readonly HeldFile[]; readonly instead: OwnFile | null }
  | { readonly type: 'refused'; readonly why: string }

export interface OwnFileState {
  readonly dialog: OwnFileDialog
  /** Accepted files by digest, newest first. */
  readonly held: readonly { readonly sha256: string; readonly files: readonly HeldFile[] }[]
}

/** Reads files somewhere else; rejects only when aborted. */
export type ReadOwnFiles = (request: ReadOwnFilesRequest, signal: AbortSignal) => Promise<ReadOwnFilesAnswer>

export interface OwnFiles {
  readonly store: StoreApi<OwnFileState>
  /** Looks at files; the dialog follows. Files for which the run waits are taken at once. */
  readonly choose: (files: readonly HeldFile[]) => Promise<void>
  /** Reads the files of the preview again, so many last columns as targets; null: as the table says. */
  readonly chooseTargets: (targetColumns: number | null) => Promise<void>
  readonly accept: () => void
  readonly cancel: () => void
  /** The files of an experiment where they are here. */
  readonly filesFor: (experiment: Experiment) => readonly HeldFile[] | null
  /** The file that an experiment needs and that is not here. */
  readonly missingFor: (experiment: Experiment) => OwnFile | null
}

/** Sets of files that stay, so that Undo finds the one before. */
const HELD_LIMIT = 3

/**
 * An empty store; it changes the laboratory through `bind` only.
 *
 * @param later does something after the page could draw: a dialog that leaves and a page that changes are each a frame's work.
 */
export function createOwnFiles(
  read: ReadOwnFiles,
  later: (action: () => void) => void = (action) => action(),
): OwnFiles & { readonly bind: (lab: BoundLab) => void } {
  const store = createStore<OwnFileState>(() => ({ dialog: { type: 'closed' }, held: [] }))
  let lab: BoundLab | null = null
  let reading: AbortController | null = null
  const show = (dialog: OwnFileDialog) => store.setState({ dialog })

  const hold = (sha256: string, files: readonly HeldFile[]) => {
    const others = store.getState().held.filter((entry) => entry.sha256 !== sha256)
    store.setState({ held: [{ sha256, files }, ...others].slice(0, HELD_LIMIT) })
  }
  const filesFor = ({ data }: Experiment) =>
    data.kind === 'file' ? (store.getState().held.find((entry) => entry.sha256 === data.file?.sha256)?.files ?? null) : null
  const missingFor = (experiment: Experiment) =>
    experiment.data.kind === 'file' && filesFor(experiment) === null ? experiment.data.file : null
  const waited = () => (lab === null ? null : missingFor(lab.store.getState().experiment))

  const take = ({ preview, held }: Extract<ReadOwnFilesAnswer, { type: 'read' }>) => {
    hold(preview.file.sha256, held)
    show({ type: 'closed' })
    if (lab === null) return
    const { store: state, run, view } = lab
    later(() => {
      const { experiment } = state.getState()
      // A link may have been written by hand: the bytes know their shape better.
      const data = { ...experiment.data, file: preview.file }
      run.replace({ ...experiment, data }, experiment, { ghost: true, autorun: false })
      view.toast('info', `${fileInWords(preview.file)} is here; the run is ready.`)
    })
  }

  const choose = async (files: readonly HeldFile[], targetColumns: number | null) => {
    if (files.length === 0) return
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    show({ type: 'reading', names: files.map(({ name }) => name) })
    let answer: ReadOwnFilesAnswer
    try {
      answer = await read({ files, wanted: waited(), targetColumns }, mine.signal)
    } catch {
      return
    }
    if (mine.signal.aborted) return
    if (answer.type === 'refused') return show(answer)
    const wanted = waited()
    if (wanted?.sha256 === answer.preview.file.sha256) take(answer)
    else show({ type: 'preview', preview: answer.preview, held: answer.held, instead: wanted })
  }

  return {
    store,
    bind: (bound) => {
      lab = bound
    },
    filesFor,
    missingFor,
    choose: (files) => choose(files, null),
    async chooseTargets(targetColumns) {
      const { dialog } = store.getState()
      if (dialog.type === 'preview') await choose(dialog.held, targetColumns)
    },
    accept() {
      const { dialog } = store.getState()
      if (dialog.type !== 'preview' || lab === null) return
      hold(dialog.preview.file.sha256, dialog.held)
      show({ type: 'closed' })
      const { store: state, view } = lab
      later(() => {
        const { experiment } = state.getState()
        // A lesson is about its own data.
        view.open(parseExperiment(withOwnFile(experiment, dialog.preview), experiment))
      })
    },
    cancel() {
      reading?.abort()
      reading = null
      show({ type: 'closed' })
    },
  }
}

/** The parts of the laboratory that accepted files change. */
export interface BoundLab {
  readonly store: LabStore
  readonly run: RunActions
  readonly view: ViewActions
}
