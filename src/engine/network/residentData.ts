// Where are the samples while training runs? On the GPU, once; a batch is a gather by index.
//
// The test split goes up when somebody first asks for it. Float32 on both sides, so every engine sees the same numbers.
import { tensor1d, tensor2d, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { Dataset, SplitArrays } from '../../core/dataset.ts'
import { runKernel, type Kernel } from './kernel.ts'

export interface ResidentSplit {
  readonly inputs: Tensor2D
  readonly targets: Tensor2D
}

/** The splits of a dataset on the GPU. */
export class ResidentData {
  private readonly dataset: Dataset
  private readonly uploaded = new Map<SplitArrays, ResidentSplit>()

  constructor(dataset: Dataset) {
    this.dataset = dataset
  }

  split(arrays: SplitArrays): ResidentSplit {
    const known = this.uploaded.get(arrays)
    if (known !== undefined) return known
    const { inputWidth, outputWidth } = this.dataset
    const split = {
      // A copy: tfjs keeps the array until the first use, and the dataset is not ours.
      inputs: tensor2d(Float32Array.from(arrays.inputs), [arrays.count, inputWidth]),
      targets: tensor2d(Float32Array.from(arrays.targets), [arrays.count, outputWidth]),
    }
    this.uploaded.set(arrays, split)
    return split
  }

  dispose(): void {
    for (const { inputs, targets } of this.uploaded.values()) {
      inputs.dispose()
      targets.dispose()
    }
    this.uploaded.clear()
  }
}

const GATHER: Kernel<'width' | 'offset'> = {
  name: 'gatherRows',
  shape: 'elementwise',
  inputs: ['X', 'I'],
  uniforms: { width: 'i32', offset: 'i32' },
  body: 'result[index] = X[I[uniforms.offset + index / uniforms.width] * uniforms.width + index % uniforms.width];',
}

/**
 * Rows `indices[offset ..]` of a matrix as [lanes, rows, width].
 *
 * @param indices int32 tensor holding at least offset + lanes * rows entries.
 */
export function gatherRows(matrix: Tensor2D, indices: Tensor, offset: number, lanes: number, rows: number): Tensor3D {
  const width = matrix.shape[1]
  return runKernel(GATHER, [matrix, indices], [lanes, rows, width], { width, offset }) as Tensor3D
}

export function indexTensor(indices: Int32Array): Tensor {
  return tensor1d(indices, 'int32')
}
