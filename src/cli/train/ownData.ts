// How does the command line train on files of one's own? Read and checked as the page does it, with the same experiment as a result.
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Experiment } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import { fileInWords, withOwnFile } from '../../core/ownFileChoice.ts'
import type { OwnSamples } from '../../data/ownFile/ownSamples.ts'
import { ownPreview } from '../../data/ownFile/ownPreview.ts'
import { demandSizes, readWantedFiles } from '../../data/ownFile/readOwnFiles.ts'

/**
 * The experiment on these files, and what is in them; one that names a file already keeps all its settings.
 *
 * @throws {FaultError} `dataCorrupt` with one sentence.
 * @throws {DomainFault} when a path cannot be read, or the experiment names another file.
 */
export async function ownData(
  paths: readonly string[],
  experiment: Experiment,
): Promise<{ readonly experiment: Experiment; readonly samples: OwnSamples }> {
  const files = await Promise.all(paths.map(async (path) => ({ name: basename(path), path, size: await sizeOf(path) })))
  demandSizes(files)
  const bytes = await Promise.all(files.map(async ({ name, path }) => ({ name, bytes: new Uint8Array(await readFile(path)) })))
  const wanted = experiment.data.kind === 'file' ? experiment.data.file : null
  const samples = await readWantedFiles(bytes, wanted)
  if (wanted === null) return { experiment: withOwnFile(experiment, ownPreview(samples)), samples }
  if (wanted.sha256 !== samples.file.sha256) {
    throw new DomainFault(`--data: another file, got ${fileInWords(samples.file)}, expected ${fileInWords(wanted)}`)
  }
  return { experiment, samples }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    throw new DomainFault(`--data: no such file, got ${JSON.stringify(path)}, expected a file`)
  }
}
