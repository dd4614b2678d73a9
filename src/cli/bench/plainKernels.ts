// What does the extended range cost? The same kernels are timed with the watch on sizes taken out of their text.
//
// Only here, never in the product: a plain kernel is the product's own WGSL in which every tile claims size 1, so that
// nothing is ever rescaled. On a network that needs no rescaling both give the same bits.

const NOTE_OF_SIZE = /atomicMax\(&largestBits\[slot\], [^;]*\);/gu
const LOOK_AT_SIZE = /atomicLoad\(&largestBits\[slot\]\)/gu
/** Bits of 1.0f. */
const SIZE_ONE = '0x3f800000u'

/** The kernel without its watch on sizes; null when the text watches no sizes, as every other kernel's does. */
export function withoutExtendedRange(wgsl: string): string | null {
  if (wgsl.search(NOTE_OF_SIZE) < 0 || wgsl.search(LOOK_AT_SIZE) < 0) return null
  return wgsl.replaceAll(NOTE_OF_SIZE, '').replaceAll(LOOK_AT_SIZE, SIZE_ONE)
}

/** Compiles everything that `work` compiles as plain kernels; answers also how many kernels were changed. */
export async function withPlainKernels<Result>(
  device: GPUDevice,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly changed: number }> {
  let changed = 0
  const compile = device.createShaderModule
  device.createShaderModule = (descriptor) => {
    const plain = withoutExtendedRange(descriptor.code)
    if (plain !== null) changed++
    return compile.call(device, plain === null ? descriptor : { ...descriptor, code: plain })
  }
  try {
    return { result: await work(), changed }
  } finally {
    device.createShaderModule = compile
  }
}
