// `npm run bench [-- engines|instruments|zoo|fused|page|all] [--only text] [--pairs n] [--quick] [--json]`: what does it all cost, on this machine?
//
// Prints, never judges: times depend on the machine, so no test asserts them. Every comparison is made turn by turn in this
// one process; progress goes to standard error, so that the report can be piped.
import { DomainFault } from '../core/faults.ts'
import { openDevice } from '../engine/device.ts'
import { benchArguments, type SectionName } from './bench/benchArguments.ts'
import { tableRecord, tableText, type BenchTable } from './bench/benchTable.ts'
import { machineText, thisMachine } from './bench/machine.ts'
import type { BenchContext, BenchSection } from './bench/section.ts'
import { installNodeWebGpu } from './nodeWebGpu.ts'

/** Loaded when asked for: the page needs no tfjs, the engines need no browser. */
async function sectionOf(name: SectionName): Promise<BenchSection> {
  switch (name) {
    case 'engines':
      return (await import('./bench/engines.ts')).benchEngines
    case 'instruments':
      return (await import('./bench/instruments.ts')).benchInstruments
    case 'zoo':
      return (await import('./bench/zoo.ts')).benchZoo
    case 'fused':
      return (await import('./bench/fused.ts')).benchFused
    case 'page':
      return (await import('./bench/page.ts')).benchPage
    default:
      return name satisfies never
  }
}

/** Measures and prints; answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options: BenchContext['options']
  try {
    options = benchArguments(args)
  } catch (error) {
    if (!(error instanceof DomainFault)) throw error
    process.stderr.write(`bench: ${error.message}\n`)
    return 2
  }
  const opened = (await installNodeWebGpu()) ? await openDevice() : null
  const gpu = opened?.type === 'device' ? opened : null
  const machine = thisMachine(gpu)
  const show = (text: string) => process.stdout.write(`${text}\n`)
  if (!options.json) show(`${machineText(machine)}; medians of ${options.pairs} rounds with quartiles`)
  let failed = false
  const sections: { readonly section: SectionName; readonly tables: readonly BenchTable[] }[] = []
  for (const section of options.sections) {
    const run = await sectionOf(section)
    const progress = (text: string) => process.stderr.write(`${section}: ${text}\n`)
    const tables: BenchTable[] = []
    sections.push({ section, tables })
    try {
      for await (const table of run({ options, gpu, progress })) {
        // Of a table nothing may have been asked for.
        if (options.only !== null && table.rows.length === 0) continue
        tables.push(table)
        if (!options.json) show(`\n${tableText(table)}`)
      }
    } catch (error) {
      // The other sections are worth having all the same.
      failed = true
      process.stderr.write(`${section}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    }
  }
  const after = thisMachine(gpu).load
  if (options.json) {
    const records = sections.map(({ section, tables }) => ({ section, tables: tables.map(tableRecord) }))
    show(JSON.stringify({ machine, loadAfter: after, pairs: options.pairs, quick: options.quick, sections: records }, null, 2))
  } else {
    show(`\nLoad after: ${after.toFixed(1)}`)
  }
  if (failed) return 1
  if (options.only === null || sections.some(({ tables }) => tables.length > 0)) return 0
  process.stderr.write(
    `bench: nothing that is measured has ${JSON.stringify(options.only)} in its name; without --only, progress tells the names\n`,
  )
  return 2
}
