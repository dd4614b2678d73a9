// How is Chromium started so that WebGPU is real without a graphics card?
//
// Dawn runs on the SwiftShader adapter that ships with the browser, so every machine computes the same bits.
// The browser's own errands (updates, sync, QUIC) are off: nothing but the page under test may use the network.

/** Command line of every Chromium that tests and benchmarks start. */
export const BROWSER_FLAGS: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--no-sandbox',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]
