// A page and a clock for runs under test: every message is kept, samples are acknowledged, time is counted by looks at it.
import { DEFAULT_EXPERIMENT } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Sample } from '../../src/core/sample.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import type { RunCheckpoint } from '../../src/protocol/messages.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import type { Answer } from '../../src/runtime/replies.ts'
import { Run, type StartCommand } from '../../src/runtime/run.ts'
import type { StreamBody } from '../../src/protocol/addressed.ts'
import type { RunHost } from '../../src/runtime/runHost.ts'

export interface Page {
  readonly run: Run
  readonly messages: StreamBody[]
  readonly answers: Answer[]
  /** The next message of this type that is not yet known to the test; looks at those that came already first. */
  until<Type extends StreamBody['type']>(
    type: Type,
    accept?: (message: Extract<StreamBody, { type: Type }>) => boolean,
  ): Promise<Extract<StreamBody, { type: Type }>>
  samples(): Sample[]
  /** Resolves when the run has finished and everything it had to say has arrived. */
  finished(): Promise<void>
  close(): Promise<void>
}

export interface PageOptions {
  readonly autorun?: boolean
  readonly checkpoint?: RunCheckpoint | null
  readonly acknowledge?: boolean
  readonly pace?: number | null
  /** Milliseconds that pass with each look at the clock. */
  readonly tick?: number
  readonly host?: Partial<RunHost>
}

const ADDRESS = { runId: 1, epoch: 0 }

/** Starts a run in front of a page that acknowledges everything. */
export function openPage(experiment: Experiment, options: PageOptions = {}): Page {
  const messages: StreamBody[] = []
  const answers: Answer[] = []
  let waiters: (() => void)[] = []
  let time = 0
  const host: RunHost = {
    post(body) {
      // What arrives is a copy, as after postMessage.
      messages.push(structuredClone(body))
      if (body.type === 'samples' && options.acknowledge !== false) {
        const { sequence } = body
        void eventTurn().then(() => run.receive({ type: 'ack', sequence, ...ADDRESS }))
      }
      const woken = waiters
      waiters = []
      for (const wake of woken) wake()
    },
    loadDataset: (settings, seed, onProgress, signal) =>
      loadDataset(settings, { seed, onProgress, signal, readAsset: () => Promise.reject(new Error('no files in tests')) }),
    createTrainer: chooseTrainer,
    eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
    now: () => (time += options.tick ?? 0.1),
    wait: async (duration) => {
      time += duration
      await eventTurn()
    },
    ...options.host,
  }
  const start: StartCommand = {
    type: 'start',
    ...ADDRESS,
    experiment,
    checkpoint: options.checkpoint ?? null,
    autorun: options.autorun ?? true,
    assetBase: 'http://localhost/',
    pace: options.pace ?? null,
    allowGpu: false,
  }
  const run: Run = new Run(start, host, (answer) => answers.push(answer))
  const seen = new Set<StreamBody>()
  /** Nothing is timed here, so a run that says nothing for some turns of the event loop waits for us. */
  const quiet = async (): Promise<void> => {
    for (let turns = 0, count = messages.length; turns < 4; turns++) {
      await eventTurn()
      if (messages.length !== count) [turns, count] = [0, messages.length]
    }
  }
  return {
    run,
    messages,
    answers,
    async until(type, accept = () => true) {
      for (;;) {
        const found = messages.find((message) => message.type === type && !seen.has(message) && accept(message as never))
        if (found !== undefined) {
          seen.add(found)
          return found as never
        }
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
    async finished() {
      while (!messages.some((message) => message.type === 'state' && (message.state === 'finished' || message.state === 'diverged'))) {
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
      await quiet()
    },
    samples: () => messages.flatMap((message) => (message.type === 'samples' ? message.samples : [])),
    async close() {
      run.receive({ type: 'close', ...ADDRESS })
      await run.ended
    },
  }
}

/** The default race, shortened; instruments never have to wait for a budget. */
export function shortRace(change: Partial<Experiment> = {}): Experiment {
  return {
    ...DEFAULT_EXPERIMENT,
    steps: 60,
    seeds: 4,
    diagnostics: { ...DEFAULT_EXPERIMENT.diagnostics, budget: 1 },
    ...change,
  }
}

/** Losses of one arm as one row of numbers, step after step. */
export function lossesOf(samples: readonly Sample[], arm: 'A' | 'B'): number[] {
  return samples
    .filter((sample) => sample.type === 'loss' && sample.arm === arm)
    .flatMap((sample) => (sample.type === 'loss' ? Array.from(sample.values) : []))
}
