// How does an experiment run without a page?
//
// The same run as in the Worker, in front of a listener that acknowledges at once: the command line, the tests and the
// benchmarks see exactly the messages that a page would.
import type { EngineChip } from '../core/engineChip.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Fault } from '../core/faults.ts'
import { FaultError } from '../core/faults.ts'
import type { Sample } from '../core/sample.ts'
import type { Step } from '../core/units.ts'
import { loadDataset } from '../data/loadDataset.ts'
import type { ReadAsset } from '../data/readAsset.ts'
import { symmetricEigenvalues } from '../numerics/symmetricEigenvalues.ts'
import type { RequestBody, StreamBody } from '../protocol/addressed.ts'
import type { RunCheckpoint } from '../protocol/messages.ts'
import { chooseTrainer } from './chooseTrainer.ts'
import { eventTurn, waitFor } from './eventTurn.ts'
import type { Answer } from './replies.ts'
import { Run } from './run.ts'

export interface HeadlessOptions {
  readonly readAsset: ReadAsset
  readonly allowGpu: boolean
  /** Stop at this step instead of the experiment's last one; 0 measures the start only. */
  readonly steps?: Step
  readonly checkpoint?: RunCheckpoint | null
  /** Asked when the run stands at its last step. */
  readonly ask?: RequestBody
  /** Hears everything as it comes; samples are also collected. */
  readonly onMessage?: (message: StreamBody) => void
  readonly signal?: AbortSignal
}

export interface HeadlessResult {
  readonly samples: readonly Sample[]
  readonly step: Step
  readonly state: 'finished' | 'diverged'
  /** Why it diverged, null otherwise. */
  readonly fault: Fault | null
  readonly chips: Readonly<Partial<Record<'A' | 'B', EngineChip>>>
  /** The answer to `ask`; undefined without one. */
  readonly answer: unknown
}

const ADDRESS = { runId: 1, epoch: 0 } as const

/**
 * Runs an experiment to its end, or to `steps`, as fast as it goes.
 *
 * @throws {FaultError} with any fault but divergence, which is a result; the signal's reason when aborted.
 */
export async function runHeadless(experiment: Experiment, options: HeadlessOptions): Promise<HeadlessResult> {
  const { readAsset, allowGpu, ask, signal } = options
  const end = options.steps ?? experiment.steps
  const samples: Sample[] = []
  let chips: HeadlessResult['chips'] = {}
  let settle: (outcome: Pick<HeadlessResult, 'state' | 'step'>) => void = () => undefined
  let fail: (error: unknown) => void = () => undefined
  let answered: (answer: Answer) => void = () => undefined
  let divergence: Fault | null = null
  const outcome = new Promise<Pick<HeadlessResult, 'state' | 'step'>>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  // Steps are counted by hand: then the experiment keeps its own last step, and its schedule.
  const isPartial = end < experiment.steps

  const hear = (message: StreamBody): void => {
    options.onMessage?.(message)
    switch (message.type) {
      case 'ready':
        chips = message.chips
        break
      case 'samples':
        samples.push(...message.samples)
        // Later, because the run is in the middle of sending.
        queueMicrotask(() => run.receive({ type: 'ack', sequence: message.sequence, ...ADDRESS }))
        break
      case 'state':
        if (message.state === 'finished' || message.state === 'diverged') settle({ state: message.state, step: message.step })
        else if (message.state === 'paused' && isPartial && message.step < end)
          run.receive({ type: 'step', count: end - message.step, ...ADDRESS })
        else if (message.state === 'paused' && message.step >= end) settle({ state: 'finished', step: message.step })
        break
      case 'fault':
        if (message.fault.type === 'diverged') divergence = message.fault
        else fail(new FaultError(message.fault))
        break
      default:
        break
    }
  }

  const run: Run = new Run(
    {
      type: 'start',
      ...ADDRESS,
      experiment,
      checkpoint: options.checkpoint ?? null,
      autorun: !isPartial,
      assetBase: '',
      pace: null,
      allowGpu,
    },
    {
      post: (message) => hear(message),
      loadDataset: (settings, seed, onProgress, stop) => loadDataset(settings, { seed, readAsset, onProgress, signal: stop }),
      createTrainer: chooseTrainer,
      eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
      now: () => performance.now(),
      wait: waitFor,
    },
    (answer) => answered(answer),
  )
  const abort = (): void => fail(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) abort()
  try {
    const { state, step } = await outcome
    // What was still on its way when the last state was announced.
    await eventTurn()
    const answer =
      ask === undefined
        ? undefined
        : await new Promise((resolve, reject) => {
            answered = (given) => (given.ok ? resolve(given.value) : reject(new FaultError(given.fault)))
            run.receive({ ...ask, requestId: 1, ...ADDRESS })
          })
    return { samples, step, state, fault: divergence, chips, answer }
  } finally {
    signal?.removeEventListener('abort', abort)
    run.receive({ type: 'close', ...ADDRESS })
    await run.ended
  }
}
