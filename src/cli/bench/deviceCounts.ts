// What does a step ask of the GPU? Counted where it arrives: at the pass encoder and the queue.
//
// The prototypes are wrapped only while counting, so that no timed call goes through the wrapper.

export interface DeviceCounts {
  readonly dispatches: number
  readonly submits: number
}

/** Dispatches and submits of everything that any device does until `work` is done; calls must not overlap. */
export async function countDeviceCalls(work: () => Promise<unknown>): Promise<DeviceCounts> {
  const encoder = GPUComputePassEncoder.prototype
  const queue = GPUQueue.prototype
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = encoder
  const { submit } = queue
  let dispatches = 0
  let submits = 0
  encoder.dispatchWorkgroups = function counted(...size) {
    dispatches++
    return dispatchWorkgroups.apply(this, size)
  }
  encoder.dispatchWorkgroupsIndirect = function counted(...source) {
    dispatches++
    return dispatchWorkgroupsIndirect.apply(this, source)
  }
  queue.submit = function counted(buffers) {
    submits++
    return submit.call(this, buffers)
  }
  try {
    await work()
  } finally {
    encoder.dispatchWorkgroups = dispatchWorkgroups
    encoder.dispatchWorkgroupsIndirect = dispatchWorkgroupsIndirect
    queue.submit = submit
  }
  return { dispatches, submits }
}
