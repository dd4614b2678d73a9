// How is a long measurement kept from blocking the GPU, the page and its own cancellation?
//
// Its dispatches are pieces of estimated cost; pieces are submitted together up to about 50 ms and awaited before the
// next. The estimate is a fixed speed per kind of adapter, not a measured one: pieces decide in which order sums are
// taken, and the same adapter must give the same bits every time.
import type { Bytes } from '../../core/units.ts'
import type { OpenedDevice } from '../device.ts'

/** How much work may be in flight at once. */
export interface WorkBudget {
  /** Floating-point operations of one submit: about 50 ms. */
  readonly operations: number
  /** Bytes of one group of work buffers (tangents, a bank of gradients); kept passes may take three times as many. */
  readonly bytes: Bytes
}

/** Operations in 50 ms: measured on SwiftShader with two cores; a weak graphics chip. */
const SOFTWARE_OPERATIONS = 4e7
const HARDWARE_OPERATIONS = 4e9
const BYTES: Bytes = 64 * 2 ** 20

/** Workgroups in one dimension of a dispatch. */
const MOST_WORKGROUPS = 65_535

/** Dispatches in one submit at most: half as many as there are uniform slices. */
const DISPATCHES = 128

/** Operations that one submit may take on this adapter. */
export function operationsPerSubmit(opened: OpenedDevice): number {
  return opened.software ? SOFTWARE_OPERATIONS : HARDWARE_OPERATIONS
}

/** The budget of an adapter. */
export function workBudget(opened: OpenedDevice): WorkBudget {
  return { operations: operationsPerSubmit(opened), bytes: BYTES }
}

/**
 * Cuts a grid of equal columns, each `height` units of work, so that no cut takes more than 50 ms where one unit is less.
 *
 * @returns rectangles (x, width, y, height): whole columns together, or parts of a single one.
 */
export function cutGrid(
  budget: WorkBudget,
  width: number,
  height: number,
  operationsPerUnit: number,
): { x: number; width: number; y: number; height: number }[] {
  const units = Math.max(1, Math.floor(budget.operations / operationsPerUnit))
  const wide = Math.max(1, Math.min(MOST_WORKGROUPS, Math.floor(units / height)))
  const high = Math.min(height, units, MOST_WORKGROUPS)
  const cuts: { x: number; width: number; y: number; height: number }[] = []
  for (let x = 0; x < width; x += wide) {
    for (let y = 0; y < height; y += high) cuts.push({ x, width: Math.min(wide, width - x), y, height: Math.min(high, height - y) })
  }
  return cuts
}

/** One dispatch. */
export interface Piece {
  readonly operations: number
  encode(pass: GPUComputePassEncoder): void
}

/**
 * Submits pieces in order, at most about 50 ms at a time, and waits for each submit but the last.
 *
 * @throws {FaultError} poisoned or deviceLost; the signal's reason when aborted.
 */
export async function runPieces(opened: OpenedDevice, budget: WorkBudget, pieces: Iterable<Piece>, signal?: AbortSignal): Promise<void> {
  const { device, health } = opened
  let group: Piece[] = []
  let operations = 0
  const submit = (): void => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (const piece of group) piece.encode(pass)
    pass.end()
    device.queue.submit([encoder.finish()])
    group = []
    operations = 0
  }
  signal?.throwIfAborted()
  for (const piece of pieces) {
    if (group.length > 0 && (operations + piece.operations > budget.operations || group.length >= DISPATCHES)) {
      submit()
      await device.queue.onSubmittedWorkDone()
      health.check()
      signal?.throwIfAborted()
    }
    group.push(piece)
    operations += piece.operations
  }
  if (group.length > 0) submit()
}
