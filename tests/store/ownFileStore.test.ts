// createOwnFiles, withOwnFile and fittingCounts: what becomes of the experiment, and of the dialog, whatever is chosen?
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_CNN, DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment, OwnFile } from '../../src/core/experiment.ts'
import { dataShape, FOOTPRINT_LIMITS, refusalOf } from '../../src/core/footprint.ts'
import type { OwnFilePreview } from '../../src/core/ownFilePreview.ts'
import { validateExperiment } from '../../src/core/parseExperiment.ts'
import type { HeldFile, ReadOwnFilesAnswer, ReadOwnFilesRequest } from '../../src/protocol/ownFileMessages.ts'
import { createLabStore, type LabStore } from '../../src/store/labStore.ts'
import { fittingCounts, withOwnFile } from '../../src/core/ownFileChoice.ts'
import { createOwnFiles, type BoundLab } from '../../src/store/ownFileStore.ts'
import { createRunActions } from '../../src/store/runActions.ts'
import type { RunPort } from '../../src/store/runPort.ts'
import { createViewActions } from '../../src/store/viewActions.ts'

const VECTORS: OwnFile = { name: 'iris.csv', sha256: 'a'.repeat(64), channels: 1, height: 4, width: 1, classes: 3 }
const PICTURES: OwnFile = { name: 'mnist', sha256: 'b'.repeat(64), channels: 1, height: 28, width: 28, classes: 10 }
const COLOURS: OwnFile = { name: 'cifar', sha256: 'c'.repeat(64), channels: 3, height: 32, width: 32, classes: 10 }

function previewOf(file: OwnFile, change: Partial<OwnFilePreview> = {}): OwnFilePreview {
  return {
    file,
    format: 'made up',
    count: 150,
    trainable: 120,
    testable: 30,
    targets: file.classes > 0 ? 'classes' : 'numbers',
    classNames: [],
    classCounts: [],
    targetRange: null,
    targetColumns: 1,
    mostTargets: 0,
    notes: [],
    shown: [],
    samples: { type: 'table', columns: [], hidden: 0, rows: [] },
    ...change,
  }
}

describe('withOwnFile', () => {
  const all = [VECTORS, PICTURES, COLOURS, { ...VECTORS, classes: 0 }].flatMap((file) => [
    previewOf(file),
    previewOf(file, { count: 70_000, trainable: 56_000, testable: 14_000 }),
  ])
  test.each([DEFAULT_EXPERIMENT, DEFAULT_MLP, DEFAULT_CNN])('gives an experiment that no rule has to change and that fits', (before) => {
    for (const preview of all) {
      const after = withOwnFile(before, preview)
      expect(validateExperiment(after)).toEqual(after)
      expect(after.data).toMatchObject({ kind: 'file', file: preview.file })
      expect(refusalOf(after)).toBeNull()
    }
  })

  test('makes an MLP of a chain and keeps every other model as it is', () => {
    expect(withOwnFile(DEFAULT_EXPERIMENT, previewOf(VECTORS)).model.kind).toBe('mlp')
    expect(withOwnFile({ ...DEFAULT_EXPERIMENT, seed: 99 }, previewOf(VECTORS))).toMatchObject({ seed: 99, versus: null })
    expect(withOwnFile(DEFAULT_CNN, previewOf(PICTURES)).model).toEqual(DEFAULT_CNN.model)
  })

  test('takes the loss that the targets have', () => {
    const squared: Experiment = { ...DEFAULT_MLP, loss: { kind: 'squaredError', reduction: 'sum' } }
    expect(withOwnFile(DEFAULT_MLP, previewOf({ ...VECTORS, classes: 0 })).loss.kind).toBe('squaredError')
    expect(withOwnFile({ ...squared, data: { ...squared.data, kind: 'teacher' } }, previewOf(VECTORS)).loss.kind).toBe(
      'softmaxCrossEntropy',
    )
    // Chosen on classes before, so it is a choice.
    expect(withOwnFile(squared, previewOf(VECTORS)).loss).toEqual(squared.loss)
  })

  test('standardises vectors, and makes pictures without labels their own targets', () => {
    expect(withOwnFile(DEFAULT_MLP, previewOf(VECTORS)).data).toMatchObject({ scaling: 'standardised', targets: 'labels' })
    const alone = withOwnFile(DEFAULT_MLP, previewOf({ ...PICTURES, classes: 0 }, { targets: 'none' }))
    expect([alone.data.targets, alone.data.scaling, alone.loss.kind]).toEqual(['inputs', 'unit', 'squaredError'])
  })
})

describe('fittingCounts', () => {
  test('takes all of a small file', () => {
    expect(fittingCounts({ file: VECTORS, trainable: 123, testable: 29 })).toEqual({ trainCount: 123, testCount: 29 })
  })
  test('takes no more than the limits', () => {
    expect(fittingCounts({ file: PICTURES, trainable: 56_000, testable: 14_000 })).toEqual({ trainCount: 10_000, testCount: 2000 })
  })
  test('takes of large pictures what one array holds, both splits together', () => {
    const { trainCount, testCount } = fittingCounts({ file: COLOURS, trainable: 48_000, testable: 12_000 })
    const bytes = 4 * (trainCount + testCount) * (3072 + 10)
    expect(bytes).toBeLessThanOrEqual(FOOTPRINT_LIMITS.largestBuffer / 2)
    expect(bytes).toBeGreaterThan(FOOTPRINT_LIMITS.largestBuffer / 3)
  })
})

let store: LabStore
let lab: BoundLab
let ownFiles: ReturnType<typeof createOwnFiles>
const port = { start: vi.fn<RunPort['start']>(), pause: vi.fn<() => void>() }
const requests: {
  readonly request: ReadOwnFilesRequest
  readonly signal: AbortSignal
  readonly answer: (a: ReadOwnFilesAnswer) => void
}[] = []
const FILES: readonly HeldFile[] = [{ name: 'iris.csv', content: new Blob(['1,2']) }]
const HELD: readonly HeldFile[] = [{ name: 'iris.csv', content: new Blob(['1,2,3']) }]

beforeEach(() => {
  store = createLabStore()
  requests.length = 0
  port.start.mockClear()
  const run = createRunActions(store, port as unknown as RunPort)
  lab = { store, run, view: createViewActions(store, run) }
  ownFiles = createOwnFiles(
    (request, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
        requests.push({ request, signal, answer: resolve })
      }),
  )
  ownFiles.bind(lab)
})

const dialog = () => ownFiles.store.getState().dialog
const experiment = () => store.getState().experiment
async function chosen(answer: ReadOwnFilesAnswer): Promise<void> {
  const done = ownFiles.choose(FILES)
  requests.at(-1)!.answer(answer)
  await done
}
const waitFor = (file: OwnFile) => store.setState({ experiment: { ...DEFAULT_MLP, data: { ...DEFAULT_MLP.data, kind: 'file', file } } })

describe('createOwnFiles', () => {
  test('lets the page draw between the dialog that leaves and the experiment that comes', async () => {
    const waiting: (() => void)[] = []
    ownFiles = createOwnFiles(
      () => Promise.resolve({ type: 'read', preview: previewOf(VECTORS), held: HELD }),
      (action) => waiting.push(action),
    )
    ownFiles.bind(lab)
    await ownFiles.choose(FILES)
    ownFiles.accept()
    expect(dialog().type).toBe('closed')
    expect(experiment().data.kind).not.toBe('file')
    for (const action of waiting) action()
    expect(experiment().data.kind).toBe('file')
    expect(port.start).toHaveBeenCalledTimes(1)
  })
  test('changes nothing before Accept', async () => {
    const before = experiment()
    const done = ownFiles.choose(FILES)
    expect(dialog()).toEqual({ type: 'reading', names: ['iris.csv'] })
    requests[0].answer({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    await done
    expect(dialog()).toMatchObject({ type: 'preview', instead: null })
    expect([experiment(), port.start.mock.calls.length, ownFiles.store.getState().held]).toEqual([before, 0, []])
  })

  test('starts the accepted file once, and lends its bytes to that run only', async () => {
    await chosen({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    ownFiles.accept()
    expect(dialog().type).toBe('closed')
    expect([experiment().data.kind, experiment().data.file, store.getState().lesson]).toEqual(['file', VECTORS, null])
    expect(port.start).toHaveBeenCalledTimes(1)
    expect(ownFiles.filesFor(experiment())).toBe(HELD)
    expect(ownFiles.filesFor(DEFAULT_MLP)).toBeNull()
    expect(ownFiles.missingFor(experiment())).toBeNull()
  })

  test('says why a file is refused and changes nothing', async () => {
    const before = experiment()
    await chosen({ type: 'refused', why: 'The data file x is empty.' })
    expect(dialog()).toEqual({ type: 'refused', why: 'The data file x is empty.' })
    ownFiles.accept()
    ownFiles.cancel()
    expect([dialog().type, experiment(), port.start.mock.calls.length]).toEqual(['closed', before, 0])
  })

  test('forgets files that were cancelled, while they are read and after', async () => {
    const done = ownFiles.choose(FILES)
    ownFiles.cancel()
    await done
    expect([dialog().type, requests[0].signal.aborted]).toEqual(['closed', true])
    await chosen({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    ownFiles.cancel()
    ownFiles.accept()
    expect([ownFiles.store.getState().held, port.start.mock.calls.length]).toEqual([[], 0])
  })

  test('reads the last choice when two come at once', async () => {
    const first = ownFiles.choose(FILES)
    const second = ownFiles.choose([{ name: 'other', content: new Blob() }])
    requests[1].answer({ type: 'read', preview: previewOf(PICTURES), held: HELD })
    requests[0].answer({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    await Promise.all([first, second])
    expect(dialog()).toMatchObject({ type: 'preview', preview: { file: PICTURES } })
  })

  test('takes the file for which a run waits at once, and the run keeps its settings', async () => {
    waitFor(VECTORS)
    const before = experiment()
    expect(ownFiles.missingFor(before)).toEqual(VECTORS)
    await chosen({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    expect(requests[0].request.wanted).toEqual(VECTORS)
    expect([dialog().type, experiment()]).toEqual(['closed', before])
    expect(port.start).toHaveBeenCalledTimes(1)
    expect(ownFiles.missingFor(experiment())).toBeNull()
    expect(store.getState().toasts.at(-1)?.text).toBe('iris.csv (SHA-256 aaaaaaaa…) is here; the run is ready.')
  })

  test('believes the bytes where a link claims another shape', async () => {
    waitFor({ ...VECTORS, classes: 7 })
    await chosen({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    expect(experiment().data.file).toEqual(VECTORS)
  })

  test('offers another file than the one that is waited for as a new experiment only', async () => {
    waitFor(VECTORS)
    const before = experiment()
    await chosen({ type: 'read', preview: previewOf(PICTURES), held: HELD })
    expect(dialog()).toMatchObject({ type: 'preview', instead: VECTORS })
    expect([experiment(), ownFiles.missingFor(experiment())]).toEqual([before, VECTORS])
    ownFiles.accept()
    expect([experiment().data.file, ownFiles.missingFor(experiment())]).toEqual([PICTURES, null])
  })

  test('keeps the last three files, so that Undo finds the one before', async () => {
    const digests = ['1', '2', '3', '4'].map((digit) => digit.repeat(64))
    for (const sha256 of digests) {
      await chosen({ type: 'read', preview: previewOf({ ...VECTORS, sha256 }), held: HELD })
      ownFiles.accept()
    }
    expect(ownFiles.store.getState().held.map(({ sha256 }) => sha256)).toEqual(digests.toReversed().slice(0, 3))
    lab.run.undo()
    expect(ownFiles.filesFor(experiment())).toBe(HELD)
  })

  test('reads the files of the preview again when another number of targets is chosen', async () => {
    await chosen({ type: 'read', preview: previewOf(VECTORS), held: HELD })
    expect(requests[0].request.targetColumns).toBeNull()
    const three = { ...VECTORS, classes: 0, height: 2, outputs: 3 }
    const done = ownFiles.chooseTargets(3)
    expect(requests[1].request).toMatchObject({ files: HELD, targetColumns: 3 })
    requests[1].answer({ type: 'read', preview: previewOf(three, { targetColumns: 3 }), held: HELD })
    await done
    expect(dialog()).toMatchObject({ type: 'preview', preview: { file: three } })
    ownFiles.accept()
    expect([experiment().data.file, dataShape(experiment().data).outputWidth]).toEqual([three, 3])
    await ownFiles.chooseTargets(2)
    expect(requests).toHaveLength(2)
  })

  test('does nothing when nothing is chosen', async () => {
    await ownFiles.choose([])
    expect([dialog().type, requests.length]).toEqual(['closed', 0])
  })
})
