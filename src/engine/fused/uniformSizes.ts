// How does one compiled kernel serve networks and batches of many sizes? Sizes are numbers of a uniform block, not of the code.
//
// A kernel's text declares them in lines of its own, `size LAYERS = 12u;` or `size BIAS_SCALE = f32(0.5);`, and uses them like constants.
// Here the lines become the block `sizes`, so that texts which differ in their numbers only are the same text, compiled once:
// a slider of depth, a last smaller batch or a probe's rows then wait for no compiler, which takes a second on a software adapter.

export interface SizedCode {
  /** WGSL; equal for all sizes. */
  readonly code: string
  /** Contents of the uniform block; null where the text declares no sizes. */
  readonly values: ArrayBuffer | null
}

const DECLARATION = /^[ \t]*size (\w+) = (?:(\d+)u|f32\(([^)]+)\));$/gmu

/**
 * Moves the sizes of a kernel's text into a uniform block.
 *
 * @param binding of the block.
 */
export function withUniformSizes(text: string, binding: number): SizedCode {
  const declared = [...text.matchAll(DECLARATION)].map(([, name, whole, real]) => ({ name, whole, real }))
  if (declared.length === 0) return { code: text, values: null }
  // Uniform blocks are read in multiples of 16 bytes.
  const values = new ArrayBuffer(16 * Math.ceil(declared.length / 4))
  const view = new DataView(values)
  for (const [i, { whole, real }] of declared.entries()) {
    if (whole === undefined) view.setFloat32(4 * i, Number(real), true)
    else view.setUint32(4 * i, Number(whole), true)
  }
  const fields = declared.map(({ name, whole }) => `  ${name}: ${whole === undefined ? 'f32' : 'u32'},`)
  const names = new RegExp(`\\b(?:${declared.map(({ name }) => name).join('|')})\\b`, 'gu')
  const body = text.replaceAll(DECLARATION, '').replaceAll(names, (name) => `sizes.${name}`)
  return { code: `struct Sizes {\n${fields.join('\n')}\n};\n@group(0) @binding(${binding}) var<uniform> sizes: Sizes;\n${body}`, values }
}
