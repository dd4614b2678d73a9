// What can go wrong, as values that survive postMessage?
//
// Two families on purpose. Caller mistakes are Error classes and are thrown where they happen.
// Everything that the world does to us (no GPU, lost device, bad shard) is a plain tagged `Fault`
// that crosses threads by structured clone; only `ui` turns one into advice.

/** An array whose length does not match the shape that the caller announced. */
export class ShapeFault extends Error {
  override readonly name = 'ShapeFault'
}

/** A number outside the range in which a formula is defined. */
export class DomainFault extends Error {
  override readonly name = 'DomainFault'
}

/** A value that was asked of an engine or file that cannot give it. */
export class UnsupportedFault extends Error {
  override readonly name = 'UnsupportedFault'
}

/** Every expected outcome that stops or changes a run; `detail` is one sentence for a person. */
export type Fault =
  | { readonly type: 'noWebGpu'; readonly detail: string }
  | { readonly type: 'deviceLost'; readonly detail: string }
  | { readonly type: 'poisoned'; readonly detail: string }
  | {
      readonly type: 'diverged'
      readonly detail: string
      readonly arm: 'A' | 'B'
      readonly step: number
      readonly layer: number
      readonly layerName: string
    }
  | { readonly type: 'refused'; readonly detail: string; readonly bytes: number; readonly limit: number; readonly nearest: string }
  | { readonly type: 'dataMissing'; readonly detail: string; readonly file: string }
  | { readonly type: 'dataCorrupt'; readonly detail: string; readonly file: string }
  | { readonly type: 'hung'; readonly detail: string }
  | { readonly type: 'workerFailed'; readonly detail: string }
  | { readonly type: 'unsupported'; readonly detail: string }

/** Carries a `Fault` through code that can only throw; the runtime unwraps it at its door. */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.detail)
    this.fault = fault
  }
}
