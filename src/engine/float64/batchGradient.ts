// Loss and gradient of the reduced loss on a set of samples: what training and most diagnostics ask for.
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { reductionShare } from './losses.ts'
import type { Network } from './network.ts'
import { addGradient, backward, forward, type ForwardPass } from './networkPasses.ts'
import type { Parts } from '../parts.ts'
import { blockRows, gatherInputs, gatherTargets, rowBlocks } from './rows.ts'
import { createTape, type Tape } from './tape.ts'

/** Work arrays of one network, reused by every call. */
export interface Workspace {
  readonly tape: Tape
  /** [rows, c]. */
  readonly targets: Float64Array
  /** [rows]. */
  readonly losses: Float64Array
}

/** Room for sets of `rows` samples, or for one block of them where they are more. */
export function createWorkspace(network: Network, rows: number): Workspace {
  const capacity = blockRows(network, rows)
  return {
    tape: createTape(network, capacity),
    targets: new Float64Array(capacity * network.outputWidth),
    losses: new Float64Array(capacity),
  }
}

/** A workspace that holds at least `rows` rows (or a full block): the given one, or a new one. */
export function fittingWorkspace(network: Network, rows: number, current: Workspace | null): Workspace {
  return current !== null && current.tape.capacity >= blockRows(network, rows) ? current : createWorkspace(network, rows)
}

/**
 * Loss as reduced; the gradient of it goes into `into` [P]. Weights, workspace and `into` belong to it until it is done.
 *
 * @param pass gives the outputs; the backward pass is taken at `weights` whatever it does.
 */
export function* batchGradient(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  workspace: Workspace,
  into: Float64Array,
  pass: ForwardPass = forward,
): Parts<number> {
  const { tape, targets, losses } = workspace
  const c = network.outputWidth
  const share = reductionShare(reduction, indices.length)
  into.fill(0)
  let total = 0
  for (const block of rowBlocks(network, indices.length)) {
    gatherInputs(split, network.inputWidth, indices, block, tape.activations[0])
    gatherTargets(split, c, indices, block, targets)
    const outputs = yield* pass(network, weights, block.rows, tape)
    network.loss.values(outputs, targets, block.rows, c, losses)
    for (let row = 0; row < block.rows; row++) total += losses[row]
    network.loss.delta(outputs, targets, block.rows, c, share, tape.upstream[network.layers.length - 1])
    yield* backward(network, weights, block.rows, tape)
    yield* addGradient(network, block.rows, tape, into)
  }
  return total * share
}
