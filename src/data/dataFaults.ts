// How is a bad file told? One sentence that names the file, thrown as a `Fault` that crosses threads.
//
// Two kinds only, because a person can do two things: fetch again (missing) or distrust the copy (corrupt).
import { FaultError } from '../core/faults.ts'

/** The fault of a file that holds something else than it should; `what` continues the sentence "<file> ...". */
export function corrupt(file: string, what: string): FaultError {
  return new FaultError({ type: 'dataCorrupt', file, detail: `The data file ${file} ${what}.` })
}

/** The fault of a file that could not be read; `what` continues the sentence "<file> ...". */
export function missing(file: string, what: string): FaultError {
  return new FaultError({ type: 'dataMissing', file, detail: `The data file ${file} ${what}.` })
}
