// The logarithm and the exponentials that kernels bring with them, against float64, on Dawn.
import { beforeAll, describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { openDevice, type OpenedDevice } from '../../src/engine/device.ts'
import { LOG_ONE_PLUS_WGSL, logOnePlusSeries } from '../../src/engine/logOnePlusWgsl.ts'
import { EXPONENTIAL, TAILS } from '../../src/engine/network/exponential.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('ownFunctions.test.ts: skipped, Dawn found no graphics adapter\n')

let opened: OpenedDevice
beforeAll(async () => {
  if (!hasAdapter) return
  const device = await openDevice()
  if (device.type === 'noGpu') throw new Error(device.reason)
  opened = device
})

/** Values of a WGSL expression in the f32 x at every point. */
async function evaluated(declarations: string, expression: string, points: readonly number[]): Promise<Float32Array> {
  const { device } = opened
  const bytes = 4 * points.length
  const module = device.createShaderModule({
    code: `${declarations}
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${points.length}u) { return; }
  let x = values[id.x];
  values[id.x] = ${expression};
}`,
  })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const values = device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST })
  const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  device.queue.writeBuffer(values, 0, Float32Array.from(points))
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: values } }] }),
  )
  pass.dispatchWorkgroups(Math.ceil(points.length / 64))
  pass.end()
  encoder.copyBufferToBuffer(values, 0, copy, 0, bytes)
  device.queue.submit([encoder.finish()])
  await copy.mapAsync(GPUMapMode.READ)
  const result = new Float32Array(copy.getMappedRange().slice(0))
  values.destroy()
  copy.destroy()
  expect(opened.health.fault).toBeNull()
  return result
}

/** Largest relative error of `found` against `exact` at float32 points. */
function worst(points: readonly number[], found: Float32Array, exact: (x: number) => number): number {
  expect(found).toHaveLength(points.length)
  return Math.max(...points.map((x, i) => Math.abs(found[i] / exact(x) - 1)))
}

const grid = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(from + ((to - from) * i) / (count - 1)))

describe.runIf(hasAdapter)('logOnePlus', () => {
  // 1e-30 .. 1
  const below = grid(-30, 0, 500).map((order) => Math.fround(10 ** order))

  // A quotient, nine products and sums: four units in the last place.
  test('keeps the digits of every share that is left, as numbers and four at a time', async () => {
    expect(worst(below, await evaluated(LOG_ONE_PLUS_WGSL, 'logOnePlus(x)', below), Math.log1p)).toBeLessThan(2.5e-7)
    const four = await evaluated(logOnePlusSeries('four', 'vec4f'), 'four(vec4f(0.0, x, 1.0, 0.5)).y', below)
    expect(worst(below, four, Math.log1p)).toBeLessThan(2.5e-7)
  })
  // WGSL's own logarithm: 2^-21 absolute or three units in the last place, of log 2 and more.
  test('is the logarithm beyond 1, and 0 at 0', async () => {
    const above = grid(0.1, 30, 200).map((order) => Math.fround(10 ** order))
    expect(worst(above, await evaluated(LOG_ONE_PLUS_WGSL, 'logOnePlus(x)', above), Math.log1p)).toBeLessThan(7e-7)
    expect([...(await evaluated(LOG_ONE_PLUS_WGSL, 'logOnePlus(x)', [0]))]).toEqual([0])
  })
})

describe.runIf(hasAdapter)('expOf', () => {
  // The exponent is reduced to 2^-24 of x.
  test('has the last digits of float32, and is 0 below its range and held above it', async () => {
    const points = grid(-20, 20, 500)
    expect(worst(points, await evaluated(EXPONENTIAL, 'expOf(x)', points), Math.exp)).toBeLessThan(1.5e-7)
    const wide = grid(-87, 88, 300)
    expect(worst(wide, await evaluated(EXPONENTIAL, 'expOf(x)', wide), Math.exp)).toBeLessThan(3e-7)
    const [far, less, most, more] = await evaluated(EXPONENTIAL, 'expOf(x)', [-1e30, -87.4, 88.7, 1e30])
    expect([far, less]).toEqual([0, 0])
    expect(more).toBe(most)
  })
})

describe.runIf(hasAdapter)('expScaled', () => {
  test('gives expOf without an exponent, and exp(x) 2^n where neither factor is a float32', async () => {
    const points = grid(-87, 80, 300)
    const [scaled, plain] = [await evaluated(TAILS, 'expScaled(x, 0)', points), await evaluated(TAILS, 'expOf(x)', points)]
    expect([...scaled]).toEqual([...plain])
    // Products of up to 505 with the second part of log 2 are rounded to 2^-24 of 7e-4; x itself is the float32.
    const far = grid(-350, -267, 2001)
    expect(worst(far, await evaluated(TAILS, 'expScaled(x, 500)', far), (x) => Math.exp(x + 500 * Math.LN2))).toBeLessThan(3e-7)
    expect([...(await evaluated(TAILS, 'expScaled(x, 500)', [-354.1, -1e30]))]).toEqual([0, 0])
    expect([...(await evaluated(TAILS, 'expScaled(x, -200)', [0]))]).toEqual([0])
    expect([...(await evaluated(TAILS, 'expScaled(x, 200)', [0]))]).toEqual([2 ** 118])
  })
})
