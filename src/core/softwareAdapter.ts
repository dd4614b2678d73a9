// Does a graphics adapter compute on the CPU?
//
// Told by its name: browsers do not all say so in a field of its own, and a page knows nothing but the name.
const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|software|basic render/iu

/** Whether one of the names in `words` is that of an adapter that computes on the CPU; false for none. */
export function namesSoftwareAdapter(words: string): boolean {
  return SOFTWARE_NAMES.test(words)
}
