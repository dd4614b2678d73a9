// What does the hash of an address mean? An experiment, always: whatever is unknown, broken or hostile becomes a notice.
//
// Words of a link only ever choose among keys of a table and become values for the validator; nothing is run, and
// nothing of the link stands in a sentence unshortened.
import type { Experiment } from '../core/experiment.ts'
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import { parseExperiment, type Notice } from '../core/parseExperiment.ts'
import { describeValue, LIST_LIMIT } from '../core/repairValue.ts'
import { armExperiment } from '../core/resolve.ts'
import { LINK_KEYS, OPTIMIZER_KEYS, treeOf, valueOf, VERSUS_KEYS, type LinkKey } from './linkKeys.ts'
import { unpacked, type UnpackFailure } from './longLink.ts'
import { LINK_VERSION, migrated, type LinkPair } from './migrations.ts'
import { DEFAULT_PRESET, type PresetLookup } from './presets.ts'

/** What a link says, repaired. */
export interface DecodedLink {
  readonly experiment: Experiment
  /** The preset that the link starts from; null where it names none or an unknown one. */
  readonly presetId: string | null
  readonly notices: readonly Notice[]
}

const PAIR_LIMIT = 200
const NOTICE_LIMIT = 40

/** Reads a hash (with or without #). Never throws; an empty hash is the default preset without notices. */
export function decodeLink(hash: string, findPreset: PresetLookup): DecodedLink {
  const notices: Notice[] = []
  const pairs = readPairs(hash.startsWith('#') ? hash.slice(1) : hash, notices)
  const preset = presetOf(pairs, findPreset, notices)
  const base = preset?.experiment ?? findPreset(DEFAULT_PRESET)?.experiment ?? DEFAULT_EXPERIMENT
  const entries: (readonly [string, unknown])[] = []
  for (const [key, text] of pairs) {
    const known = LINK_KEYS.find((candidate) => candidate.key === key)
    if (known !== undefined) entries.push([known.path, valueOf(known.kind, text)])
    else if (!OTHER_KEYS.has(key)) notices.push(unknownKey(key, text))
  }
  const versus = valueFor(pairs, 'vs')
  const tree = { ...treeOf(entries), ...(versus === undefined ? {} : { versus: readVersus(versus, notices) }) }
  const withoutChanges = parseExperiment({ ...tree, changes: [] }, base).experiment
  const changes = valueFor(pairs, 'ch')
  const input = changes === undefined ? tree : { ...tree, changes: readChanges(changes, withoutChanges, notices) }
  const parsed = parseExperiment(input, base)
  return { experiment: parsed.experiment, presetId: preset?.id ?? null, notices: [...notices, ...parsed.notices].slice(0, NOTICE_LIMIT) }
}

/** Keys that are not fields: version, preset (two spellings), arm B, changes, and the packed form. */
const OTHER_KEYS: ReadonlySet<string> = new Set(['v', 'p', 'l', 'vs', 'ch', 'z'])

function readPairs(text: string, notices: Notice[]): readonly LinkPair[] {
  let pairs = splitPairs(text, notices)
  const long = valueFor(pairs, 'z')
  if (long !== undefined) {
    const result = unpacked(long)
    if (!result.ok) notices.push(trouble('z', UNPACK_WORDS[result.why], 'a packed link'))
    // What stands beside the packed part wins: it was added by hand.
    pairs = [...pairs.filter(([key]) => key !== 'z'), ...(result.ok ? splitPairs(result.text, notices) : [])]
  }
  return migrated(firstOfEach(pairs), versionOf(pairs, notices))
}

const UNPACK_WORDS: Readonly<Record<UnpackFailure, string>> = {
  tooLong: 'The packed part of the link is too long',
  notBase64: 'The packed part of the link has letters that do not belong there',
  broken: 'The packed part of the link is cut off or damaged',
  tooLarge: 'The packed part of the link unpacks to more than a link can hold',
}

function splitPairs(text: string, notices: Notice[]): readonly LinkPair[] {
  const parts = text.split('&', PAIR_LIMIT + 1).filter((part) => part !== '')
  if (parts.length > PAIR_LIMIT)
    notices.push(trouble('link', `The link has more than ${PAIR_LIMIT} parts; the rest is ignored`, 'a shorter link'))
  return parts.slice(0, PAIR_LIMIT).map((part) => {
    const at = part.indexOf('=')
    return at < 0 ? [decoded(part), ''] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))]
  })
}

/** Percent escapes undone where they are whole; chats and mail programs add them. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function firstOfEach(pairs: readonly LinkPair[]): readonly LinkPair[] {
  const seen = new Set<string>()
  return pairs.filter(([key]) => !seen.has(key) && seen.add(key))
}

function versionOf(pairs: readonly LinkPair[], notices: Notice[]): number {
  const text = valueFor(pairs, 'v')
  if (text === undefined) return LINK_VERSION
  const version = /^\d{1,6}$/u.test(text) ? Number(text) : 0
  if (version < 1 || version > LINK_VERSION) {
    const said = { given: describeValue(text), used: String(LINK_VERSION), expected: `a version from 1 to ${LINK_VERSION}` }
    notices.push({
      path: 'link.v',
      problem: 'unknown',
      ...said,
      text: `The link is of version ${describeValue(text)}, which this page does not know; it is read as version ${LINK_VERSION}.`,
    })
    return LINK_VERSION
  }
  return version
}

function presetOf(pairs: readonly LinkPair[], findPreset: PresetLookup, notices: Notice[]): ReturnType<PresetLookup> {
  const id = valueFor(pairs, 'p') ?? valueFor(pairs, 'l')
  if (id === undefined) return null
  const preset = findPreset(id)
  if (preset !== null) return preset
  const said = { given: describeValue(id), used: describeValue(DEFAULT_PRESET), expected: 'a lesson of this page' }
  notices.push({
    path: 'link.p',
    problem: 'unknown',
    ...said,
    text: `There is no lesson ${describeValue(id)} here; the link is read as a change of the default.`,
  })
  return null
}

function readVersus(text: string, notices: Notice[]): unknown {
  if (text === 'none' || text === '') return null
  return treeOf(fieldsOf(text.split(',', PAIR_LIMIT), VERSUS_KEYS, 'vs', notices))
}

function readChanges(text: string, experiment: Experiment, notices: Notice[]): unknown {
  if (text === 'none' || text === '') return []
  return text.split(';', LIST_LIMIT + 1).flatMap((part) => {
    const [head, ...rest] = part.split(',', PAIR_LIMIT)
    const match = /^(\d{1,9})([AB])$/u.exec(head)
    if (match === null) {
      notices.push(trouble('link.ch', `The change ${describeValue(part)} does not begin with a step and an arm`, 'such as 120A,lr:0.1'))
      return []
    }
    const arm = match[2] === 'B' ? 'B' : 'A'
    const { optimizer } = treeOf(fieldsOf(rest, OPTIMIZER_KEYS, 'ch', notices))
    return [
      { step: Number(match[1]), arm, optimizer: { ...armExperiment(experiment, arm).optimizer, ...(optimizer as object | undefined) } },
    ]
  })
}

function fieldsOf(
  parts: readonly string[],
  keys: readonly LinkKey[],
  where: string,
  notices: Notice[],
): readonly (readonly [string, unknown])[] {
  return parts.flatMap((part) => {
    const at = part.indexOf(':')
    const key = at < 0 ? part : part.slice(0, at)
    const known = keys.find((candidate) => candidate.key === key)
    if (known !== undefined && at >= 0) return [[known.path, valueOf(known.kind, part.slice(at + 1))] as const]
    notices.push(unknownKey(`${where}.${key}`, part))
    return []
  })
}

function valueFor(pairs: readonly LinkPair[], key: string): string | undefined {
  return pairs.find(([candidate]) => candidate === key)?.[1]
}

function unknownKey(key: string, value: string): Notice {
  const shown = describeValue(key)
  return {
    path: `link.${shown.slice(1, -1)}`,
    problem: 'unknown',
    given: describeValue(value),
    used: 'nothing',
    expected: 'a key that links know',
    text: `The link says ${shown}, which this page does not know; it is ignored.`,
  }
}

function trouble(path: string, what: string, expected: string): Notice {
  return { path, problem: 'wrongType', given: 'unreadable', used: 'nothing', expected, text: `${what}; it is ignored.` }
}
