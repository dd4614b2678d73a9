// How are files of the user's own looked at before anything changes? In a Worker that lives for one choice of files.
//
// Apart from the run on purpose: a file that takes all the memory or all the time ends this Worker and nothing else.
import { FaultError } from '../core/faults.ts'
import { ownPreview } from '../data/ownFile/ownPreview.ts'
import { readWantedFiles } from '../data/ownFile/readOwnFiles.ts'
import type { ReadOwnFilesAnswer, ReadOwnFilesRequest } from '../protocol/ownFileMessages.ts'
import { bytesOfFiles } from './readHeldFiles.ts'

async function read({ files, wanted, targetColumns }: ReadOwnFilesRequest): Promise<ReadOwnFilesAnswer> {
  try {
    const bytes = await bytesOfFiles(files)
    const samples = await readWantedFiles(bytes, wanted, targetColumns)
    const held = bytes.map((file) => ({ name: file.name, content: new Blob([file.bytes as Uint8Array<ArrayBuffer>]) }))
    return { type: 'read', preview: ownPreview(samples), held }
  } catch (error) {
    const why = error instanceof FaultError ? error.fault.detail : 'The file could not be read: it asks for more than this browser gives.'
    return { type: 'refused', why }
  }
}

self.onmessage = ({ data }: MessageEvent<ReadOwnFilesRequest>) => {
  void read(data).then((answer) => self.postMessage(answer, { transfer: [] }))
}
