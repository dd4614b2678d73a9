// Do layers, data and starts fit each other?
import { ShapeFault, UnsupportedFault } from '../../core/faults.ts'
import { inputWidthOf, outputWidthOf, parameterCount } from '../../core/networkSpec.ts'
import type { TrainerOptions } from '../trainer.ts'

/** @throws {ShapeFault} where they do not; UnsupportedFault for a linearised network. */
export function checkShapes({ spec, dataset, initialWeights }: TrainerOptions): void {
  if (spec.linearised === true) throw new UnsupportedFault('createNetworkTrainer: a linearised network, expected the network itself')
  let width = dataset.inputWidth
  const inputs: number[] = []
  for (const layer of spec.layers) {
    inputs.push(inputWidthOf(layer))
    if (inputWidthOf(layer) !== width)
      throw new ShapeFault(`createNetworkTrainer: a layer of ${inputWidthOf(layer)} inputs, expected ${width}`)
    width = outputWidthOf(layer)
    const skip = layer.kind === 'pool' ? undefined : layer.skip
    if (skip !== undefined && inputs[skip.from] !== width) {
      throw new ShapeFault(`createNetworkTrainer: a skip of ${inputs[skip.from]} numbers, expected ${width}`)
    }
  }
  if (width !== dataset.outputWidth) throw new ShapeFault(`createNetworkTrainer: ${width} outputs, expected ${dataset.outputWidth}`)
  const count = parameterCount(spec)
  for (const { length } of initialWeights) {
    if (length !== count) throw new ShapeFault(`createNetworkTrainer: a start of ${length} weights, expected ${count}`)
  }
}
