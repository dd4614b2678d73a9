// Which engine computes an experiment, and why? One pure function of the facts, so that the chip on the page never guesses.
//
// A wish is obeyed wherever it can be. `auto` takes the GPU, except on an adapter that is itself a program on the CPU:
// there the two are timed, because our float64 loops are often the faster ones.
import type { Experiment } from '../core/experiment.ts'
import type { Milliseconds } from '../core/units.ts'
import type { EngineDescription } from './trainer.ts'

export interface EngineFacts {
  readonly kind: Experiment['model']['kind']
  /** The network's linear model, not the network. */
  readonly linearised: boolean
  readonly preference: Experiment['engine']
  readonly gpu:
    | { readonly type: 'none'; /** A sentence. */ readonly reason: string }
    | { readonly type: 'adapter'; readonly name: string; readonly software: boolean }
  /** A sentence that says why the fused kernels cannot take this network; null when they can. */
  readonly fusedObstacle: string | null
  /** Durations of one training step; null when nothing was timed. */
  readonly trial: Trial | null
}

export interface Trial {
  readonly gpu: Milliseconds
  readonly float64: Milliseconds
}

export interface EngineChoice {
  readonly engine: EngineDescription['engine']
  /** One short sentence for the page. */
  readonly reason: string
}

/** Times faster that a step must be on a software adapter: compiling and measuring are several times slower there. */
const WORTH = 4

/** The engine and the reason; without a trial a software adapter counts as the slower one. */
export function chooseEngine(facts: EngineFacts): EngineChoice {
  const { kind, linearised, preference, gpu, fusedObstacle, trial } = facts
  if (linearised) return { engine: 'float64', reason: 'The linearised model is computed in float64 on the CPU.' }
  if (kind === 'chain') return { engine: 'chain', reason: 'A chain needs float64 and its own exponents: float32 cannot hold its products.' }
  if (preference === 'float64') return { engine: 'float64', reason: 'Float64 on the CPU, as chosen.' }
  if (gpu.type === 'none') return { engine: 'float64', reason: `Float64 on the CPU. ${gpu.reason}` }
  if (preference === 'network') return { engine: 'network', reason: 'WebGPU layer by layer, as chosen.' }
  if (preference === 'auto' && gpu.software) {
    if (trial === null) return { engine: 'float64', reason: `Float64 on the CPU: ${gpu.name} computes on the CPU too, and slower.` }
    const compared = `a trial step took ${inWords(trial.float64)} in float64 and ${inWords(trial.gpu)} on ${gpu.name}`
    if (trial.float64 <= WORTH * trial.gpu) return { engine: 'float64', reason: `Float64 on the CPU: ${compared}.` }
    return onGpu(fusedObstacle, `: ${compared}`)
  }
  return onGpu(fusedObstacle, preference === 'fused' ? ', as chosen' : '')
}

function onGpu(fusedObstacle: string | null, because: string): EngineChoice {
  if (fusedObstacle === null) return { engine: 'fused', reason: `Fused kernels on WebGPU${because}.` }
  return { engine: 'network', reason: `WebGPU layer by layer${because}. ${fusedObstacle}`.trimEnd() }
}

function inWords(duration: Milliseconds): string {
  return duration < 1
    ? `${Math.max(1, Math.round(duration * 1000))} us`
    : `${duration < 10 ? duration.toFixed(1) : Math.round(duration)} ms`
}
