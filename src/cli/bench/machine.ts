// On what were these numbers measured? Without this block they mean nothing.
import { cpus, loadavg } from 'node:os'
import type { OpenedDevice } from '../../engine/device.ts'

export interface Machine {
  readonly date: string
  /** As Dawn in Node names it, or why there is none. */
  readonly adapter: string
  readonly software: boolean
  readonly processor: string
  readonly cores: number
  readonly node: string
  /** Mean of running processes over the last minute: above the cores, times are those of a busy machine. */
  readonly load: number
}

/** The machine as it is now. */
export function thisMachine(gpu: OpenedDevice | null): Machine {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    adapter: gpu?.adapterName ?? 'none',
    software: gpu?.software ?? false,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.versions.node,
    load: loadavg()[0],
  }
}

/** One line for the top of the report. */
export function machineText(machine: Machine): string {
  const { date, adapter, software, processor, cores, node, load } = machine
  const kind = software ? ' (a program on the CPU)' : ''
  return `${date} UTC, adapter ${adapter}${kind}, ${cores} cores of ${processor}, Node ${node}, load ${load.toFixed(1)}`
}
