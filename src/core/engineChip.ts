// What does the page say about who computes?

/** One arm's engine, as its chip shows it. */
export interface EngineChip {
  readonly engine: 'chain' | 'float64' | 'network' | 'fused'
  readonly backend: 'cpu' | 'webgpu'
  readonly adapter: string | null
  readonly precision: 'float32' | 'float64'
  readonly reason: string
}
