// Is a network a neural chain, so that the chain engine can stand for it?
import { UnsupportedFault } from '../../core/faults.ts'
import type { NetworkSpec } from '../../core/networkSpec.ts'

/** True for layers 1 -> 1 without bias, activation or scale, under the squared error. */
export function isChainSpec(spec: NetworkSpec): boolean {
  return chainObstacle(spec) === null
}

/** @throws {UnsupportedFault} when the network is no chain, with what is in the way. */
export function assertChainSpec(spec: NetworkSpec): void {
  const obstacle = chainObstacle(spec)
  if (obstacle !== null) throw new UnsupportedFault(`assertChainSpec: not a chain, got ${obstacle}`)
}

function chainObstacle(spec: NetworkSpec): string | null {
  if (spec.loss.kind !== 'squaredError') return `the loss ${spec.loss.kind}, expected squaredError`
  for (const [layer, shape] of spec.layers.entries()) {
    if (shape.kind !== 'dense') return `layer ${layer} of kind ${shape.kind}, expected dense`
    if (shape.fanIn !== 1 || shape.fanOut !== 1) return `layer ${layer} of shape ${shape.fanIn} -> ${shape.fanOut}, expected 1 -> 1`
    if (shape.bias) return `a bias in layer ${layer}, expected none`
    if (shape.activation !== 'identity') return `the activation ${shape.activation} in layer ${layer}, expected identity`
    if (shape.forwardScale !== 1) return `the scale ${shape.forwardScale} in layer ${layer}, expected 1`
  }
  return null
}
