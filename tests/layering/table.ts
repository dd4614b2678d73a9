// Who may import whom, and who may touch what of the outer world?
//
// The design's table as data: anything that is not listed is forbidden. A new need is a change of the design first.

/** What the modules of one folder of `src` may do. */
export interface Layer {
  readonly folders: readonly string[]
  /** Package names; a trailing `/*` stands for a whole scope. */
  readonly packages: readonly string[]
  /** Members of `EFFECTS` that are allowed. */
  readonly effects: readonly string[]
}

/** Names of the outer world that some layer must not use; `GPU*` stands for every global that starts so. */
export const EFFECTS: readonly string[] = [
  'window',
  'window.parent',
  'document',
  'navigator',
  'navigator.gpu',
  'GPU*',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'Worker',
  'SharedWorker',
  'BroadcastChannel',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'location',
  'history',
  'requestAnimationFrame',
  'self',
  'postMessage',
  'process',
  'Buffer',
  'Math.random',
  'import.meta.env',
  'import.meta.glob',
]

/** Only the command line runs in Node alone; everything else must also load in a browser. */
export const NODE_ONLY_LAYER = 'cli'

/** Modules whose one job is to reach a Worker by URL; no other may. */
export const WORKER_DOORS: readonly string[] = ['src/store/spawnWorker.ts']

const pure = { effects: [] as const }

export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { folders: [], packages: ['valibot'], ...pure },
  numerics: { folders: ['core'], packages: ['pure-rand', 'ml-matrix'], ...pure },
  theory: { folders: ['core', 'numerics'], packages: [], ...pure },
  data: { folders: ['core', 'numerics'], packages: [], ...pure },
  diagnostics: { folders: ['core', 'numerics'], packages: [], ...pure },
  engine: {
    folders: ['core', 'numerics'],
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'],
    effects: ['navigator', 'navigator.gpu', 'GPU*'],
  },
  protocol: { folders: ['core'], packages: [], ...pure },
  runtime: {
    folders: ['core', 'numerics', 'data', 'engine', 'diagnostics', 'protocol'],
    packages: [],
    effects: ['self', 'postMessage', 'fetch', 'Worker', 'navigator', 'location'],
  },
  plots: { folders: ['core', 'numerics'], packages: ['d3'], effects: ['window', 'document'] },
  lessons: { folders: ['core'], packages: [], ...pure },
  share: { folders: ['core', 'lessons'], packages: ['fflate'], ...pure },
  store: {
    folders: ['core', 'numerics', 'theory', 'protocol', 'share', 'lessons'],
    packages: ['zustand/vanilla'],
    effects: [
      'window',
      'document',
      'navigator',
      'fetch',
      'Worker',
      'BroadcastChannel',
      'localStorage',
      'sessionStorage',
      'indexedDB',
      'location',
      'history',
      'requestAnimationFrame',
      'Math.random',
    ],
  },
  ui: {
    folders: ['core', 'store', 'plots', 'lessons', 'share'],
    packages: ['react', 'react-dom', 'zustand', 'lucide-react', 'radix-ui', '@radix-ui/*'],
    effects: ['window', 'document', 'navigator', 'localStorage', 'location'],
  },
  embed: {
    folders: ['core', 'store', 'share'],
    packages: [],
    effects: ['window', 'window.parent', 'document', 'location', 'postMessage', 'BroadcastChannel'],
  },
  cli: {
    folders: ['core', 'numerics', 'theory', 'data', 'engine', 'diagnostics', 'protocol', 'runtime', 'lessons', 'share'],
    // tfjs and jax-js are what the benchmark compares with; no engine of ours is built on them here.
    packages: ['vite', 'webgpu', '@playwright/test', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', '@jax-js/jax'],
    effects: ['process', 'Buffer', 'fetch', 'navigator', 'navigator.gpu', 'GPU*'],
  },
  'main.tsx': {
    folders: ['ui', 'store', 'embed'],
    packages: ['react', 'react-dom'],
    effects: ['window', 'document', 'location'],
  },
}
