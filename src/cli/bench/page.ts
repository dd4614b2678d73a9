// How does the built page feel, from the click on a link to everything live? In the real browser, from a real server.
//
// A fresh browser context for every round: nothing is cached, as on a first visit.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser } from '@playwright/test'
import { preview } from 'vite'
import { LESSONS } from '../../lessons/catalogue.ts'
import { BROWSER_FLAGS } from '../browserFlags.ts'
import { findBrowser } from '../findBrowser.ts'
import { isWanted } from './benchArguments.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { scriptSizes } from './builtScripts.ts'
import { exactly, figureOf } from './figures.ts'
import type { BenchContext, BenchSection } from './section.ts'
import { FIRST_STEP_BINDING, liveFigures, WATCH_PAGE, type LiveFigures, type Watched } from './watchPage.ts'

const DIST = 'dist'
const VITE = 'node_modules/vite/bin/vite.js'
const VIEWPORT = { width: 1440, height: 900 }
/** Longest wait for a first step: a software GPU compiles every shader on the way. */
const START_LIMIT_MS = 120_000
const LIVE_MS = 10_000
const QUICK_LIVE_MS = 5_000
const ROUNDS = 3

const SCENES = [
  { name: 'default scene (race)', lesson: 'race' },
  { name: 'Fashion-MNIST preset', lesson: 'fashion' },
] as const

interface Visit {
  readonly watched: Watched
  readonly live: LiveFigures
  readonly stepsPerSecond: number
  readonly engine: string
}

/** Start, smoothness and weight of the production build. */
export const benchPage: BenchSection = async function* page(context: BenchContext) {
  const executablePath = findBrowser()
  if (executablePath === null) {
    yield missingBrowser()
    return
  }
  const scenes = SCENES.filter(({ name }) => isWanted(context.options, name))
  const wantsSizes = isWanted(context.options, 'sizes')
  if (scenes.length === 0 && !wantsSizes) return
  if (isStale()) build(context)
  if (wantsSizes) yield sizesTable()
  if (scenes.length === 0) return
  const server = await preview({ logLevel: 'error', preview: { host: '127.0.0.1', port: 0, strictPort: false } })
  const browser = await chromium.launch({ executablePath, args: [...BROWSER_FLAGS] })
  try {
    const address = server.resolvedUrls?.local[0]
    if (address === undefined) throw new Error('benchPage: the preview server has no address on the loopback')
    const rounds = Math.min(context.options.pairs, ROUNDS)
    const visits: Visit[][] = scenes.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const [k, { name, lesson }] of scenes.entries()) {
        context.progress(`${name}, visit ${round + 1} of ${rounds}`)
        visits[k].push(await visit(browser, address, lesson, context.options.quick ? QUICK_LIVE_MS : LIVE_MS))
      }
    }
    yield liveTable(scenes, visits)
  } finally {
    await browser.close()
    await server.close()
  }
}

async function visit(browser: Browser, address: string, lesson: string, duration: number): Promise<Visit> {
  const context = await browser.newContext({ viewport: VIEWPORT })
  try {
    const page = await context.newPage()
    await page.addInitScript(WATCH_PAGE)
    const revision = LESSONS.find(({ id }) => id === lesson)?.revision ?? 1
    // The page's policy forbids eval, so it cannot be asked in a loop: it calls.
    let stepped: () => void = () => undefined
    const trained = new Promise<void>((resolve) => (stepped = resolve))
    await page.exposeBinding(FIRST_STEP_BINDING, () => stepped())
    await page.goto(`${address}?autorun=1#v=1&l=${lesson}.${revision}`)
    await within(START_LIMIT_MS, trained, `benchPage: no trained step of ${lesson}`)
    const before = await page.evaluate<number>('(() => { const w = globalThis.__watched; w.since = performance.now(); return w.step })()')
    await page.waitForTimeout(duration)
    const watched = await page.evaluate<Watched>('globalThis.__watched')
    const engine = (await page.locator('.topbar .chip, .chip').first().textContent()) ?? ''
    return {
      watched,
      live: liveFigures(watched),
      stepsPerSecond: (1000 * (watched.step - before)) / duration,
      engine: engine.replace('·', ' · ').trim(),
    }
  } finally {
    await context.close()
  }
}

async function within(limit: number, work: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}, got none in ${limit} ms, expected one`)), limit)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function liveTable(scenes: readonly { readonly name: string }[], visits: readonly (readonly Visit[])[]): BenchTable {
  const rows = scenes.map(({ name }, k): Cell[] => {
    const of = (value: (visit: Visit) => number) => visits[k].map(value)
    return [
      name,
      visits[k][0].engine,
      figureOf(of(({ watched }) => watched.paint ?? NaN).filter(Number.isFinite), 'ms'),
      figureOf(
        of(({ watched }) => watched.firstStep ?? NaN),
        'ms',
      ),
      figureOf(
        of(({ live }) => live.frameMedian),
        'ms',
      ),
      figureOf(
        of(({ live }) => live.frameP95),
        'ms',
      ),
      longestOf(of(({ live }) => live.longestTask)),
      figureOf(
        of(({ live }) => live.longTasks),
        'count',
      ),
      figureOf(
        of(({ stepsPerSecond }) => stepsPerSecond),
        'perSecond',
      ),
    ]
  })
  return {
    title: `The built page at ${VIEWPORT.width} x ${VIEWPORT.height}, everything live`,
    columns: [
      'scene',
      'engine',
      'first paint',
      'first trained step',
      'frame, median',
      'frame, 95 %',
      'longest main-thread task',
      'tasks above 50 ms',
      'steps a second',
    ],
    rows,
    notes: [
      'Times count from the navigation of a first visit without cache. Frames and tasks are those after the first trained step, all five plots live; a visit without a task above 50 ms counts as 0.',
    ],
  }
}

/** Browsers report no task below 50 ms. */
function longestOf(tasks: readonly number[]): Cell {
  return tasks.every((task) => task === 0) ? 'none above 50 ms' : figureOf(tasks, 'ms')
}

function sizesTable(): BenchTable {
  const sizes = scriptSizes(DIST)
  const rows: Cell[][] = [
    ['scripts before the first paint', exactly(sizes.firstPaintScripts, 'bytes')],
    ['styles before the first paint', exactly(sizes.firstPaintStyles, 'bytes')],
    ['all scripts of the page', exactly(sizes.pageScripts, 'bytes')],
    ['Worker, before it chooses an engine', exactly(sizes.worker, 'bytes')],
    ['Worker with all its engines', exactly(sizes.workerWithChunks, 'bytes')],
  ]
  const built = statSync(join(DIST, 'index.html')).mtime.toISOString().slice(0, 16).replace('T', ' ')
  return { title: 'What travels, gzipped', columns: ['part', 'size'], rows, notes: [`Build of ${built} UTC.`] }
}

/** No build, or one that is older than a source: its numbers would be those of another page. */
function isStale(): boolean {
  const index = join(DIST, 'index.html')
  if (!existsSync(index)) return true
  const built = statSync(index).mtimeMs
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => join('src', name))
  return [...sources, 'index.html', 'vite.config.ts', 'package-lock.json'].some((path) => statSync(path).mtimeMs > built)
}

function build({ progress }: BenchContext): void {
  progress('building the page')
  const { status } = spawnSync(process.execPath, [VITE, 'build', '--logLevel', 'warn'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('benchPage: the production build failed')
}

function missingBrowser(): BenchTable {
  const notes = ['No Chrome, Chromium or Edge was found: set CHROME_PATH, or run the tests once, which install one.']
  return { title: 'The built page', columns: ['scene'], rows: [], notes }
}
