// Which engine computes an experiment, and why? One pure function of the facts, so that the chip on the page never guesses.
//
// A wish is obeyed wherever it can be. `auto` decides by the kind of adapter and by counted work, never by a stopwatch: whoever opens
// a link again must get the same bits, and the same word on the chip, on a busy day too.
// A software adapter is a program on the same CPU. Measured turn by turn on two cores (2 to 32 layers of 16 to 100, batches of 1 to 128,
// one and eight seeds, convolutions): a step takes 2 to 20 times longer on the fused kernels than in float64, 5 to 100 times layer by
// layer, and kernels compile for seconds first. With many more cores deep wide stacks would win a little there; `engine=fused` forces it.
// A graphics card loses only where a step is done on the CPU before the card has begun: both are counted, with the CPU taken slow and the
// card quick, so that a doubtful case stays on the card.
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
  /** Multiplications of one training step of all seeds. */
  readonly stepWork: number
  readonly weightedLayers: number
}

export interface EngineChoice {
  readonly engine: EngineDescription['engine']
  /** One short sentence for the page. */
  readonly reason: string
}

/** A slow CPU: nanoseconds a multiplication in float64. */
const CPU_NANOSECONDS = 2
const FUSED_DISPATCHES = 2
/** A dispatch that waits for the one before it, on a quick card. */
const DISPATCH_MS: Milliseconds = 0.01
/** Layer by layer each dispatch costs this thread its JavaScript, and a layer needs at least so many. */
const LAYER_DISPATCH_MS: Milliseconds = 0.03
const DISPATCHES_PER_LAYER = 8

/** The engine and the reason. */
export function chooseEngine(facts: EngineFacts): EngineChoice {
  const { kind, linearised, preference, gpu, fusedObstacle } = facts
  if (linearised) return { engine: 'float64', reason: 'The linearised model is computed in float64 on the CPU.' }
  if (kind === 'chain') return { engine: 'chain', reason: 'A chain needs float64 and its own exponents: float32 cannot hold its products.' }
  if (preference === 'float64') return { engine: 'float64', reason: 'Float64 on the CPU, as chosen.' }
  if (gpu.type === 'none') return { engine: 'float64', reason: `Float64 on the CPU. ${gpu.reason}` }
  if (preference === 'network') return { engine: 'network', reason: 'WebGPU layer by layer, as chosen.' }
  if (preference === 'fused') return onGpu(fusedObstacle, ', as chosen')
  if (gpu.software) {
    return { engine: 'float64', reason: `Float64 on the CPU: ${gpu.name} is a program on the same CPU, and slower at the same step.` }
  }
  return tooSmall(facts) ?? onGpu(fusedObstacle, fusedObstacle === null ? ': two dispatches a step at any depth' : '')
}

/** Float64, where a step is over before a graphics card has begun. */
function tooSmall({ stepWork, weightedLayers, fusedObstacle }: EngineFacts): EngineChoice | null {
  const dispatches = fusedObstacle === null ? FUSED_DISPATCHES : DISPATCHES_PER_LAYER * weightedLayers
  const least = dispatches * (fusedObstacle === null ? DISPATCH_MS : LAYER_DISPATCH_MS)
  if ((stepWork * CPU_NANOSECONDS) / 1e6 >= least) return null
  return {
    engine: 'float64',
    reason: `Float64 on the CPU: a step of ${inWords(stepWork)} multiplications is done before a GPU has started its ${dispatches} dispatches.`,
  }
}

function onGpu(fusedObstacle: string | null, because: string): EngineChoice {
  if (fusedObstacle === null) return { engine: 'fused', reason: `Fused kernels on WebGPU${because}.` }
  return { engine: 'network', reason: `WebGPU layer by layer${because}. ${fusedObstacle}`.trimEnd() }
}

function inWords(count: number): string {
  return count < 1000 ? String(count) : `${Math.round(count / 1000)} thousand`
}
