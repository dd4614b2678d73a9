// Is a column of numbers a column of classes? Only whole numbers that come back again and again are.
//
// Classes are the different numbers in ascending order, whatever they are (1 to 26, -1 and 1, 3 and 8): files count as they like.
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import type { OwnTargets } from './ownSamples.ts'

type Classes = Extract<OwnTargets, { type: 'classes' }>

/** Rows for each class that a column must have before it is taken for classes without being told so. */
const ROWS_PER_CLASS = 10
/** Below this, float32 still holds every whole number. */
const LARGEST_LABEL = 2 ** 24
/** A class this much smaller than the others, beyond a gap in the numbers, is a damaged byte and no class. */
const RARE_SHARE = 0.01

/**
 * The classes of a column that must hold labels.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` when a label is no whole number, when there is one class or more than 200, or a label is out of range.
 */
export function demandClasses(values: ArrayLike<number>, file: string): Classes {
  const counts = countsOf(values)
  if (counts === null) throw corrupt(file, 'holds labels that are no whole numbers')
  if (counts.size > LIMITS.fileClasses.max) {
    throw corrupt(file, `holds more than ${LIMITS.fileClasses.max} different labels, more classes than can be told apart here`)
  }
  if (counts.size < 2) throw corrupt(file, 'has the same label for every sample, so there is nothing to tell apart')
  const wild = wildLabel(counts, values.length)
  if (wild !== null) {
    throw corrupt(
      file,
      `holds a label out of range: ${wild} occurs ${times(counts.get(wild)!)} among ${values.length}, far from the others`,
    )
  }
  return numbered(values, counts)
}

/**
 * Classes that have names of their own, in the order of the alphabet.
 *
 * @param values [rows] positions in `names`.
 * @throws {FaultError} `dataCorrupt` when there is one name only, or nearly every row has its own.
 */
export function wordClasses(values: ArrayLike<number>, names: readonly string[], file: string): Classes {
  if (names.length < 2) throw corrupt(file, `has the word "${names[0]}" in every row, so there is nothing to tell apart`)
  if (2 * names.length > values.length)
    throw corrupt(file, `has ${names.length} different words in ${values.length} rows, too many to be classes`)
  const sorted = names.toSorted((a, b) => (a < b ? -1 : 1))
  const places = names.map((name) => sorted.indexOf(name))
  return { type: 'classes', labels: Uint8Array.from(values, (value) => places[value]), names: sorted }
}

/** The classes of a column that may hold labels; null where it looks like measurements. */
export function guessClasses(values: ArrayLike<number>): Classes | null {
  const counts = countsOf(values)
  if (counts === null || counts.size < 2 || counts.size > LIMITS.fileClasses.max) return null
  if (counts.size > 2 && values.length < ROWS_PER_CLASS * counts.size) return null
  return wildLabel(counts, values.length) === null ? numbered(values, counts) : null
}

/** True when the numbers of the classes follow each other without a gap. */
export function isGapless({ names }: Classes): boolean {
  return Number(names[names.length - 1]) - Number(names[0]) === names.length - 1
}

/** How often each number occurs; null when one is no label. Ends early where there are too many. */
function countsOf(values: ArrayLike<number>): ReadonlyMap<number, number> | null {
  const counts = new Map<number, number>()
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isInteger(value) || Math.abs(value) > LARGEST_LABEL) return null
    counts.set(value, (counts.get(value) ?? 0) + 1)
    if (counts.size > LIMITS.fileClasses.max) return counts
  }
  return counts
}

function wildLabel(counts: ReadonlyMap<number, number>, rows: number): number | null {
  const labels = ascending(counts)
  const rare = (label: number): boolean => counts.get(label)! < (RARE_SHARE * rows) / counts.size
  const afterGap = labels.find((label, i) => i > 0 && label > labels[i - 1] + 1 && rare(label))
  if (afterGap !== undefined) return afterGap
  return labels.length > 1 && labels[1] > labels[0] + 1 && rare(labels[0]) ? labels[0] : null
}

function numbered(values: ArrayLike<number>, counts: ReadonlyMap<number, number>): Classes {
  const labels = ascending(counts)
  const index = new Map(labels.map((label, k) => [label, k]))
  return { type: 'classes', labels: Uint8Array.from(values, (value) => index.get(value)!), names: labels.map(String) }
}

function ascending(counts: ReadonlyMap<number, number>): readonly number[] {
  return [...counts.keys()].toSorted((a, b) => a - b)
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
