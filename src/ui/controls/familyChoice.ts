// What goes with a family of convolutional networks? The depths it can have, and targets and loss that fit what it gives.
import type { Experiment, ModelSettings } from '../../core/experiment.ts'
import { hasClasses } from '../../core/experimentRules.ts'
import { KNOWN_BLOCKS } from '../../core/convolutionalLayers.ts'
import { LIMITS } from '../../core/limits.ts'

type Family = ModelSettings['family']

/** Depths 'base + stride r' with r from 1; LeNet has one. Source: GC (6 r + 4) and VC (3 blocks + 2), as `convolutionalLayers` reads them. */
const DEPTHS: Readonly<Record<Family, { readonly base: number; readonly stride: number } | null>> = {
  plain: { base: 1, stride: 1 },
  imageToImage: { base: 0, stride: 1 },
  wide: { base: 4, stride: 6 },
  stripped: { base: 2, stride: 3 },
  lenet: null,
}
/** Families whose channels double from group to group start with fewer. */
const GROUPED_WIDTH = 8

/** False where depth and width say nothing: LeNet is as LeCun made it. */
export function hasDepth({ kind, family }: Pick<ModelSettings, 'kind' | 'family'>): boolean {
  return kind !== 'cnn' || DEPTHS[family] !== null
}

/** True where a list of blocks can be given. */
export function hasBlocks({ kind, family }: Pick<ModelSettings, 'kind' | 'family'>): boolean {
  return kind === 'cnn' && family === 'stripped'
}

/** The depth of this model next to `wanted` on the way from `now`, so that one key press always moves. */
export function allowedDepth(model: Pick<ModelSettings, 'kind' | 'family' | 'depth'>, wanted: number): number {
  const depths = model.kind === 'cnn' ? DEPTHS[model.family] : null
  if (depths === null) return wanted
  if (model.family === 'stripped' && KNOWN_BLOCKS.has(wanted)) return wanted
  const steps = (wanted - depths.base) / depths.stride
  const up = wanted > model.depth
  const next = depthOf(depths, up ? Math.ceil(steps) : Math.floor(steps))
  // The depths of the known lists stand between those of the even shares.
  const known = model.family === 'stripped' ? [...KNOWN_BLOCKS.keys()] : []
  const between = known.filter((depth) => (up ? depth > wanted && depth < next : depth < wanted && depth > next))
  return between.length === 0 ? next : up ? Math.min(...between) : Math.max(...between)
}

/** The depth of r blocks, r from 1 to as many as the limit allows. */
function depthOf({ base, stride }: { readonly base: number; readonly stride: number }, blocks: number): number {
  const most = Math.floor((LIMITS.depth.max - base) / stride)
  return base + stride * Math.min(most, Math.max(1, blocks))
}

/** Fields to set together with the family, so that no rule has to give way. */
export function fieldsForFamily(family: Family, { model, data, versus }: Experiment): Readonly<Record<string, unknown>> {
  const toImages = family === 'imageToImage'
  const labels = { ...data, targets: 'labels' as const }
  const targets =
    toImages || model.family === 'imageToImage'
      ? {
          'data.targets': toImages ? 'inputs' : 'labels',
          'loss.kind': !toImages && hasClasses(labels) ? 'softmaxCrossEntropy' : 'squaredError',
        }
      : {}
  const depths = DEPTHS[family]
  const grouped = family === 'wide' || family === 'stripped'
  return {
    'model.family': family,
    // A list of blocks belongs to the family it was written for.
    ...(model.blocks === null ? {} : { 'model.blocks': null }),
    ...(typeof versus?.model?.blocks === 'string' ? { 'versus.model.blocks': null } : {}),
    ...(depths === null ? {} : { 'model.depth': depthOf(depths, Math.round((model.depth - depths.base) / depths.stride)) }),
    ...(grouped && model.width > GROUPED_WIDTH ? { 'model.width': GROUPED_WIDTH } : {}),
    ...targets,
  }
}

/** What the depth means, in one line; empty where it is simply the number of layers. */
export function depthWords({ kind, family, depth }: Pick<ModelSettings, 'kind' | 'family' | 'depth'>): string {
  if (kind !== 'cnn') return ''
  const known = family === 'stripped' ? KNOWN_BLOCKS.get(depth) : undefined
  if (known !== undefined) return `blocks ${known}`
  switch (family) {
    case 'wide':
      return `6 r + 4 with r = ${Math.max(1, Math.floor((depth - 4) / 6))}`
    case 'stripped':
      return `${Math.max(1, Math.floor((depth - 2) / 3))} blocks of 3, and 2`
    case 'lenet':
      return '2 convolutions, 3 dense layers'
    case 'plain':
    case 'imageToImage':
      return ''
    default:
      return family satisfies never
  }
}
