// The dedicated Worker: how do messages reach the run, and its answers the page?
//
// A thin shell: it holds the run of the moment, the verified data files, and everything that has an effect. A new `start`
// closes the run before it; messages for a run that is gone are dropped.
import { emptyAssetCache } from '../data/verifiedAssets.ts'
import { loadDataset } from '../data/loadDataset.ts'
import type { Address, ToPage, ToWorker } from '../protocol/messages.ts'
import { chooseTrainer } from './chooseTrainer.ts'
import { eigenvaluesElsewhere } from './eigenvaluesElsewhere.ts'
import { waitFor } from './eventTurn.ts'
import { readAssetFrom } from './fetchAsset.ts'
import { Run, type StartCommand } from './run.ts'
import { createOwnFileReader } from './readHeldFiles.ts'
import type { RunHost } from './runHost.ts'

const HEARTBEAT_MS = 500

const cache = emptyAssetCache()
const readOwn = createOwnFileReader()
const spectra = eigenvaluesElsewhere(() => new Worker(new URL('./eigenvalueWorker.ts', import.meta.url), { type: 'module' }))

/** The run that messages go to; while the one before it still ends, they wait in `backlog`. */
interface Current {
  readonly address: Address
  run: Run | null
  readonly backlog: Exclude<ToWorker, { type: 'start' }>[]
}

let current: Current | null = null
/** Ends when no run is left; runs never overlap, because they share one GPU. */
let quiet: Promise<void> = Promise.resolve()

function send(message: ToPage, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer })
}

function hostOf(start: StartCommand, beating: ReturnType<typeof setInterval>): RunHost {
  const address: Address = { runId: start.runId, epoch: start.epoch }
  const readAsset = readAssetFrom(start.assetBase)
  return {
    post(body, transfer) {
      // A CPU engine gives way to timers while it computes, and to nothing when it hangs; a GPU that never answers must not look alive.
      if (body.type === 'ready' && Object.values(body.chips).some((chip) => chip?.backend === 'webgpu')) clearInterval(beating)
      send({ ...body, ...address }, transfer)
    },
    async loadDataset(settings, seed, onProgress, signal) {
      const { file, kind } = settings
      const here = kind === 'file' && file !== null && start.ownFiles !== undefined
      const ownFile = here ? await readOwn(start.ownFiles, file) : null
      return await loadDataset(settings, { seed, readAsset, cache, onProgress, signal, ownFile })
    },
    createTrainer: chooseTrainer,
    async eigenvalues(matrix, n, signal) {
      const living = setInterval(() => send({ ...address, type: 'heartbeat', step: 0 }), HEARTBEAT_MS)
      try {
        return await spectra.eigenvalues(matrix, n, signal)
      } finally {
        clearInterval(living)
      }
    },
    isWatched: true,
    asFile: (snapshot) => new Blob([JSON.stringify(snapshot)], { type: 'application/json' }),
    now: () => performance.now(),
    wait: waitFor,
  }
}

async function begin(start: StartCommand): Promise<void> {
  const address: Address = { runId: start.runId, epoch: start.epoch }
  const mine: Current = { address, run: null, backlog: [] }
  current?.run?.receive({ type: 'close', ...current.address })
  current = mine
  await quiet
  // While a slider moves many starts come in; only the last one is worth building.
  if (current !== mine) return
  // While data and network are on their way nothing else would say that the Worker lives.
  const beating = setInterval(() => send({ ...address, type: 'heartbeat', step: 0 }), HEARTBEAT_MS)
  const run = new Run(start, hostOf(start, beating), (answer) => send({ type: 'reply', ...address, ...answer }))
  mine.run = run
  for (const message of mine.backlog) run.receive(message)
  quiet = run.ended.finally(() => clearInterval(beating))
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') void begin(data)
  else if (current === null || data.runId !== current.address.runId || data.epoch !== current.address.epoch) return
  else if (current.run === null) current.backlog.push(data)
  else current.run.receive(data)
}

send({ type: 'hello', runId: 0, epoch: 0 })
