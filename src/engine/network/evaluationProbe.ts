// What does the network answer on a set? Losses, outputs, accuracy, preactivations; in chunks, summed in float64.
import { dispose } from '@tensorflow/tfjs-core'
import { isWeighted, outputWidthOf } from '../../core/networkSpec.ts'
import type { LossValue, SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { disposeStatistics, frozenStatistics } from './frozenStatistics.ts'
import { sampleLosses } from './lossHead.ts'
import { forwardPass } from './passes.ts'
import { disposeRecord } from './passRecords.ts'
import { disposeBlock, pieces, rowsAtOnce, sampleBlock, sampleWeight, withLayers, type ProbeHost } from './probeHost.ts'
import { plainRange } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** Reduced loss, losses and outputs per sample, and the share of right answers (on the CPU: tfjs' argMax ignores NaN). */
export async function lossOn(host: ProbeHost, set: SampleSet, signal?: AbortSignal): Promise<LossValue> {
  const split = splitOf(host.dataset, host.probeCount, set)
  const { spec } = host
  const outputCount = host.dataset.outputWidth
  const perSample = new Float64Array(set.indices.length)
  const outputs = new Float64Array(set.indices.length * outputCount)
  await withLayers(host, async (layers) => {
    const frozen = frozenStatistics(host, layers)
    let done = 0
    try {
      for (const piece of pieces(set, rowsAtOnce(spec))) {
        signal?.throwIfAborted()
        const block = sampleBlock(host, [piece], [1])
        const record = forwardPass(spec, layers, block.inputs, plainRange(spec.layers.length), { rowCounts: block.rowCounts, frozen })
        const losses = sampleLosses(spec.loss.kind, record.outputs, block.targets)
        try {
          const [lossPart, outputPart] = await readPacked(host.opened, [losses, record.outputs])
          perSample.set(lossPart, done)
          outputs.set(outputPart, done * outputCount)
        } finally {
          dispose(losses)
          disposeRecord(record)
          disposeBlock(block)
        }
        done += piece.indices.length
      }
    } finally {
      disposeStatistics(frozen)
    }
  })
  let sum = 0
  for (const loss of perSample) sum += loss
  const accuracy = split.labels === null ? null : shareOfRight(outputs, outputCount, set.indices, split.labels)
  return { loss: sum * sampleWeight(host, perSample.length), perSample, outputs, accuracy }
}

/** Per weighted layer [n, outputs] what the GPU applied the activation to. */
export async function preactivationsOn(host: ProbeHost, set: SampleSet): Promise<readonly Float32Array[]> {
  const { spec } = host
  const positions = [...spec.layers.keys()].filter((position) => isWeighted(spec.layers[position]))
  const widths = positions.map((position) => outputWidthOf(spec.layers[position]))
  const all = widths.map((width) => new Float32Array(set.indices.length * width))
  await withLayers(host, async (layers) => {
    const frozen = frozenStatistics(host, layers)
    let done = 0
    try {
      for (const piece of pieces(set, rowsAtOnce(spec))) {
        const block = sampleBlock(host, [piece], [1])
        const record = forwardPass(spec, layers, block.inputs, plainRange(spec.layers.length), { rowCounts: block.rowCounts, frozen })
        try {
          const parts = await readPacked(
            host.opened,
            positions.map((position) => record.layers[position].a),
          )
          for (const [layer, part] of parts.entries()) all[layer].set(part, done * widths[layer])
        } finally {
          disposeRecord(record)
          disposeBlock(block)
        }
        done += piece.indices.length
      }
    } finally {
      disposeStatistics(frozen)
    }
  })
  return all
}

/** A row whose largest output is not the label's own counts as wrong; so does a row with NaN, whose comparisons all fail. */
function shareOfRight(outputs: Float64Array, width: number, indices: Int32Array, labels: Int32Array): number {
  if (width === 1) return shareOfRightSigns(outputs, indices, labels)
  let right = 0
  for (const [row, index] of indices.entries()) {
    const own = outputs[row * width + labels[index]]
    let best = true
    for (let k = 0; k < width; k++) {
      // The first of equal outputs wins, as argmax would have it.
      const other = outputs[row * width + k]
      if (k < labels[index] ? !(own > other) : !(own >= other)) best = false
    }
    if (best) right++
  }
  return right / indices.length
}

/** One output speaks by its sign: classes 0 and 1. */
function shareOfRightSigns(outputs: Float64Array, indices: Int32Array, labels: Int32Array): number {
  let right = 0
  for (const [row, index] of indices.entries()) if ((outputs[row] > 0 ? 1 : 0) === labels[index] && !Number.isNaN(outputs[row])) right++
  return right / indices.length
}
