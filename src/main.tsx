// How does the page come to life? Store, Worker, address bar, theme and frame clock are tied together here and nowhere else.
import { createRoot } from 'react-dom/client'
import { behaveEmbedded } from './embed/embedded.ts'
import { createDrawClock } from './store/drawClock.ts'
import { followAddress, readAddress } from './store/effects/address.ts'
import { afterFrame } from './store/effects/nextFrame.ts'
import { followTheme } from './store/effects/theme.ts'
import { followTheory } from './store/effects/theory.ts'
import { createWorkerRun } from './store/effects/workerRun.ts'
import { readOwnFilesIn } from './store/effects/readOwnFiles.ts'
import { createLabStore } from './store/labStore.ts'
import { noticeText } from './store/noticeText.ts'
import { createOwnFiles } from './store/ownFileStore.ts'
import { createRunActions } from './store/runActions.ts'
import { spawnOwnFileWorker, spawnWorker } from './store/spawnWorker.ts'
import { createViewActions } from './store/viewActions.ts'
import { parseViewOptions } from './store/viewOptions.ts'
import { App } from './ui/App.tsx'
import type { Lab } from './ui/lab.tsx'
import './ui/styles/tokens.css'
import './ui/styles/shell.css'
import './ui/styles/controls.css'
import './ui/styles/cards.css'
import './ui/styles/theory.css'
import './ui/styles/transport.css'
import './ui/styles/overlays.css'
import './ui/styles/ownData.css'
import './ui/styles/narrow.css'
import './ui/styles/embed.css'
import './ui/styles/print.css'

const store = createLabStore(parseViewOptions(location.search))
readAddress(store)
const ownFiles = createOwnFiles(readOwnFilesIn(spawnOwnFileWorker), (action) => afterFrame(() => setTimeout(action, 0)))
const worker = createWorkerRun(store, {
  spawn: spawnWorker,
  assetBase: new URL('.', document.baseURI).href,
  now: () => performance.now(),
  afterFrame,
  every: (action, milliseconds) => {
    const id = setInterval(action, milliseconds)
    return () => clearInterval(id)
  },
  ownFiles: ownFiles.filesFor,
  // When nothing more can be tried the fault card says so; news of earlier tries would only stand beside it.
  tell: (notice) => (notice.type === 'gaveUp' ? view.dismissToasts() : view.toast('warning', noticeText(notice))),
})
const run = createRunActions(store, worker.port)
const view = createViewActions(store, run)
ownFiles.bind({ store, run, view })
const clock = createDrawClock()
store.subscribe(clock.request)
followAddress(store, run)
followTheme(store, clock.drawNow)
followTheory(store)

const lab: Lab = { store, run, view, ownFiles, clock, pictures: new Map() }
const root = document.getElementById('root')
if (root === null) throw new Error('main: no #root in the document, expected index.html')
createRoot(root).render(<App lab={lab} />)
if (store.getState().view.embed) behaveEmbedded(store, run, root, document.referrer)
else run.start(store.getState().view.autorun)
