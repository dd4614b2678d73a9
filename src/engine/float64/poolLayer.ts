// What leaves a window of an image as one number: its mean, or its largest entry?
//
// Pools have no weights, so only two passes exist: forward, which serves tangents too, and its transpose. The largest entry of a
// window is chosen once, in the forward pass (the first of equals); within a derivative that choice stands, so its second derivative is 0.
import { imageAfter, inputWidthOf, type PoolLayerSpec } from '../../core/networkSpec.ts'

/** Passes of one pool. Gates are places in the row of input, one for every output; only maxima use them. */
export interface PoolPasses {
  /** Gates for one row; 0 where none are kept. */
  readonly gatesPerRow: number
  /** output [rows, out] from input [rows, in]; chooses the gates. */
  forward(input: Float64Array, rows: number, output: Float64Array, gates: Int32Array): void
  /** outputTangent [rows, out] from inputTangent [rows, in] (null: 0), with the gates of `forward`. */
  tangent(inputTangent: Float64Array | null, rows: number, outputTangent: Float64Array, gates: Int32Array): void
  /** inputDelta [rows * perRow, in] from delta [rows * perRow, out], perRow deltas for each sample. */
  backward(delta: Float64Array, rows: number, perRow: number, inputDelta: Float64Array, gates: Int32Array): void
}

export function poolPasses(layer: PoolLayerSpec): PoolPasses {
  const windows = windowsOf(layer)
  return layer.pooling === 'max' ? maxPasses(layer, windows) : averagePasses(layer, windows)
}

/** [outputs, size] places in a row of input. */
interface Windows {
  readonly places: Int32Array
  readonly size: number
  readonly outputs: number
}

function windowsOf(layer: PoolLayerSpec): Windows {
  const { channels, height, width, pooling } = layer
  const [outHeight, outWidth] = imageAfter(layer)
  const isGlobal = pooling === 'globalAverage'
  const sides = isGlobal ? [height, width] : [layer.size, layer.size]
  const stride = isGlobal ? 1 : layer.stride
  const outputs = channels * outHeight * outWidth
  const size = sides[0] * sides[1]
  const places = new Int32Array(outputs * size)
  let next = 0
  for (let channel = 0; channel < channels; channel++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let y = 0; y < sides[0]; y++) {
          for (let x = 0; x < sides[1]; x++) places[next++] = (channel * height + oy * stride + y) * width + ox * stride + x
        }
      }
    }
  }
  return { places, size, outputs }
}

function averagePasses(layer: PoolLayerSpec, { places, size, outputs }: Windows): PoolPasses {
  const width = inputWidthOf(layer)
  const means = (input: Float64Array, rows: number, output: Float64Array): void => {
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let k = o * size; k < (o + 1) * size; k++) sum += input[row * width + places[k]]
        output[row * outputs + o] = sum / size
      }
    }
  }
  return {
    gatesPerRow: 0,
    forward: means,
    tangent(inputTangent, rows, outputTangent) {
      if (inputTangent === null) outputTangent.fill(0, 0, rows * outputs)
      else means(inputTangent, rows, outputTangent)
    },
    backward(delta, rows, perRow, inputDelta) {
      inputDelta.fill(0, 0, rows * perRow * width)
      for (let p = 0; p < rows * perRow; p++) {
        for (let o = 0; o < outputs; o++) {
          const share = delta[p * outputs + o] / size
          for (let k = o * size; k < (o + 1) * size; k++) inputDelta[p * width + places[k]] += share
        }
      }
    },
  }
}

function maxPasses(layer: PoolLayerSpec, { places, size, outputs }: Windows): PoolPasses {
  const width = inputWidthOf(layer)
  return {
    gatesPerRow: outputs,
    forward(input, rows, output, gates) {
      for (let row = 0; row < rows; row++) {
        for (let o = 0; o < outputs; o++) {
          let place = places[o * size]
          for (let k = o * size + 1; k < (o + 1) * size; k++) {
            const value = input[row * width + places[k]]
            // NaN wins, so that an overflow is seen.
            if (value > input[row * width + place] || Number.isNaN(value)) place = places[k]
          }
          gates[row * outputs + o] = place
          output[row * outputs + o] = input[row * width + place]
        }
      }
    },
    tangent(inputTangent, rows, outputTangent, gates) {
      for (let i = 0; i < rows * outputs; i++) {
        outputTangent[i] = inputTangent === null ? 0 : inputTangent[Math.floor(i / outputs) * width + gates[i]]
      }
    },
    backward(delta, rows, perRow, inputDelta, gates) {
      inputDelta.fill(0, 0, rows * perRow * width)
      for (let p = 0; p < rows * perRow; p++) {
        const own = Math.floor(p / perRow) * outputs
        for (let o = 0; o < outputs; o++) inputDelta[p * width + gates[own + o]] += delta[p * outputs + o]
      }
    },
  }
}
