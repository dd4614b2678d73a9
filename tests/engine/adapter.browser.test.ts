// Does the browser of the tests have a real WebGPU? Everything else that runs there rests on it.
import { describe, expect, test } from 'vitest'

describe('the test browser', () => {
  test('gives a WebGPU adapter', async () => {
    const adapter = await navigator.gpu.requestAdapter()
    expect(adapter?.info.vendor).toBeTruthy()
  })

  test('computes on it: a kernel doubles four numbers', async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    const module = device.createShaderModule({
      code: `
        @group(0) @binding(0) var<storage, read_write> data: array<f32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_id) id: vec3u) { data[id.x] = 2.0 * data[id.x]; }`,
    })
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
    const storage = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC })
    const readback = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
    device.queue.writeBuffer(storage, 0, new Float32Array([1, 2, 3, 4]))
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(
      0,
      device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: storage } }] }),
    )
    pass.dispatchWorkgroups(1)
    pass.end()
    encoder.copyBufferToBuffer(storage, 0, readback, 0, 16)
    device.queue.submit([encoder.finish()])
    await readback.mapAsync(GPUMapMode.READ)
    expect([...new Float32Array(readback.getMappedRange())]).toEqual([2, 4, 6, 8])
    device.destroy()
  })
})
