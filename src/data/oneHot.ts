// What does a class label look like to a network? A row with a single 1.
import { DomainFault } from '../core/faults.ts'

/**
 * One row per label with 1 at the label and 0 elsewhere: [labels.length, classes] row-major.
 *
 * @throws {DomainFault} when a label is not below `classes`.
 */
export function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]
    if (label < 0 || label >= classes) throw new DomainFault(`oneHot: label ${i} is ${label}, expected 0 to ${classes - 1}`)
    rows[i * classes + label] = 1
  }
  return rows
}
