// What does a section of the benchmark get, and what does it give back?
import type { OpenedDevice } from '../../engine/device.ts'
import type { BenchOptions } from './benchArguments.ts'
import type { BenchTable } from './benchTable.ts'

export interface BenchContext {
  readonly options: BenchOptions
  /** Null where this machine has no WebGPU in Node; the section then leaves out what needs it and says so. */
  readonly gpu: OpenedDevice | null
  /** Tells a waiting person what is being measured; never part of the result. */
  readonly progress: (text: string) => void
}

/** Tables as they are finished, so that a late failure costs no early result. */
export type BenchSection = (context: BenchContext) => AsyncIterable<BenchTable>

/** The note of a table that lacks its GPU rows. */
export const NO_GPU_NOTE = 'No WebGPU adapter was found in Node: rows that need one are missing.'
