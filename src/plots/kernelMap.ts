// Which samples does the network see as alike? The trace kernel as a heat map, equal classes side by side.
import type { KernelSample } from '../core/sample.ts'
import { writeViridis } from './colourScale.ts'
import type { PlotBox } from './plotKind.ts'
import { segment, type Box, type Mark } from './scene.ts'

interface KernelPicture {
  readonly pixels: Uint8ClampedArray
  readonly order: Int32Array
  readonly largest: number
}

const kept = new WeakMap<Float64Array, { readonly classes: Int32Array | null; readonly picture: KernelPicture }>()

/** Positions of the samples with equal classes together, in their old order within a class. */
export function classOrder(count: number, classes: Int32Array | null): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  if (classes === null || classes.length < count) return order
  return order.sort((a, b) => classes[a] - classes[b] || a - b)
}

/** [n, n] trace kernel as pixels, signed square root of the share of the largest entry, so that small entries still show. */
export function kernelPicture(sample: KernelSample, classes: Int32Array | null): KernelPicture {
  const { traceKernel, sampleCount: n } = sample
  const known = kept.get(traceKernel)
  if (known !== undefined && known.classes === classes) return known.picture
  const order = classOrder(n, classes)
  let largest = 0
  let least = 0
  for (const value of traceKernel) {
    largest = Math.max(largest, value)
    least = Math.min(least, value)
  }
  const root = (value: number) => Math.sign(value) * Math.sqrt(Math.abs(value))
  const low = root(least)
  const span = root(largest) - low || 1
  const pixels = new Uint8ClampedArray(4 * n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) writeViridis(pixels, 4 * (i * n + j), (root(traceKernel[order[i] * n + order[j]]) - low) / span)
  }
  const picture = { pixels, order, largest }
  kept.set(traceKernel, { classes, picture })
  return picture
}

/** The map in a square box, with hairlines between classes. */
export function kernelMapMarks(sample: KernelSample, classes: Int32Array | null, square: Box, box: PlotBox): readonly Mark[] {
  const n = sample.sampleCount
  const { pixels, order } = kernelPicture(sample, classes)
  const marks: Mark[] = [{ type: 'image', box: square, columns: n, rows: n, pixels }]
  if (classes === null || classes.length < n) return marks
  for (let i = 1; i < n; i++) {
    if (classes[order[i]] === classes[order[i - 1]]) continue
    const at = (i / n) * square.width
    marks.push(segment(square.x + at, square.y, square.x + at, square.y + square.height, box.theme.background, 1, { opacity: 0.55 }))
    marks.push(segment(square.x, square.y + at, square.x + square.width, square.y + at, box.theme.background, 1, { opacity: 0.55 }))
  }
  return marks
}
