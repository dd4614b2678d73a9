// Which initial scales have a name, and what does a scheme draw? Marks of the τ slider, and one line under it.
import type { Experiment, InitSettings } from '../../core/experiment.ts'
import { fansOf, isWeighted, type LayerSpec } from '../../core/networkSpec.ts'
import { equivalentTau, hasUnitWeights } from '../../core/weightVariance.ts'
import { shortNumber } from '../numberText.ts'
import type { SliderMark } from './Slider.tsx'

const COMMON: readonly SliderMark[] = [
  { value: 1, label: '1', meaning: '1: LeCun uniform' },
  { value: Math.sqrt(3), label: '√3', meaning: '√3: Xavier uniform on square layers' },
  { value: Math.sqrt(6), label: '√6', meaning: '√6: He uniform' },
]
const CHAIN_STABLE: SliderMark = { value: Math.E, label: 'e', meaning: 'e: the median of a uniform chain keeps its size' }

/** Marks for this model; e belongs to chains only. */
export function tauMarks(experiment: Experiment): readonly SliderMark[] {
  return experiment.model.kind === 'chain' ? [...COMMON, CHAIN_STABLE] : COMMON
}

/** Which number of the initialiser the scheme reads; null where it reads none. */
export function schemeNumber({ model, init }: Pick<Experiment, 'model' | 'init'>): 'tau' | 'gain' | null {
  if (hasUnitWeights(model)) return null
  if (init.scheme === 'uniform' || init.scheme === 'constant') return 'tau'
  return init.scheme === 'orthogonal' || init.scheme === 'kappaNormal' ? 'gain' : null
}

/** One line under the initialiser: what the weights are drawn from. */
export function weightLaw({ init, model }: Pick<Experiment, 'model' | 'init'>): string {
  const chain = model.kind === 'chain'
  if (hasUnitWeights(model)) return 'N(0, 1), and 1/√fan-in in the forward pass'
  switch (init.scheme) {
    case 'uniform': {
      const variance = `variance ${shortNumber(init.tau ** 2 / 3)}${chain ? '' : ' / fan-in'}`
      return chain ? `weights in [−τ, τ], ${variance}` : `weights in ±τ/√fan-in, ${variance}`
    }
    case 'constant':
      return 'every weight is τ'
    case 'unitNormal':
      return 'N(0, 1) for every weight'
    case 'orthogonal':
      return model.kind === 'cnn' ? 'orthogonal in the middle tap, 0 around it' : 'orthogonal matrices: every length is kept'
    case 'lecunNormal':
      return 'N(0, 1 / fan-in)'
    case 'kappaNormal':
      return 'N(0, 1 / (κ fan-in)), κ the gain; the first layer N(0, 1 / fan-in)'
    case 'lecunUniform':
      return 'variance 1 / (3 fan-in)'
    case 'glorotNormal':
    case 'glorotUniform':
      return 'variance 2 / (fan-in + fan-out)'
    case 'heNormal':
    case 'heUniform':
      return 'variance 2 / fan-in'
    default:
      return init.scheme satisfies never
  }
}

/**
 * The τ of the uniform law with as much variance, for each kind of layer: "τ ≙ 2.45", or "τ ≙ 1.06 first, 1.73 hidden, 2.28 last".
 *
 * Empty where τ is given as such.
 */
export function equivalentTauWords({ model, init }: Pick<Experiment, 'model' | 'init'>, layers: readonly LayerSpec[]): string {
  if (init.scheme === 'uniform' && !hasUnitWeights(model)) return ''
  const taus = layers.filter(isWeighted).map((layer, k) => ({ kind: layer.kind, tau: tauOf(init, model, layer, k === 0) }))
  if (taus.length === 0) return ''
  if (allEqual(taus.map(({ tau }) => tau))) return `τ ≙ ${shortNumber(taus[0].tau)}`
  const groups = taus.some(({ kind }) => kind === 'conv') ? byKind(taus) : byPlace(taus)
  return `τ ≙ ${groups.map(([name, values]) => `${rangeOf(values)} ${name}`).join(', ')}`
}

type LayerTau = { readonly kind: 'dense' | 'conv'; readonly tau: number }
type Group = readonly [name: string, values: readonly number[]]

function tauOf(init: InitSettings, model: Experiment['model'], layer: Parameters<typeof fansOf>[0], isFirst: boolean): number {
  const { fanIn, fanOut } = fansOf(layer)
  return equivalentTau(init, model, fanIn, fanOut, isFirst)
}

function byKind(taus: readonly LayerTau[]): readonly Group[] {
  const of = (kind: LayerTau['kind']) => taus.flatMap((layer) => (layer.kind === kind ? [layer.tau] : []))
  return ([['conv', of('conv')] as const, ['dense', of('dense')] as const] satisfies Group[]).filter(([, values]) => values.length > 0)
}

function byPlace(taus: readonly LayerTau[]): readonly Group[] {
  const values = taus.map(({ tau }) => tau)
  const groups: readonly Group[] = [
    ['first', values.slice(0, 1)],
    ['hidden', values.slice(1, -1)],
    ['last', values.slice(-1)],
  ]
  return groups.filter(([, group]) => group.length > 0)
}

function rangeOf(values: readonly number[]): string {
  const low = Math.min(...values)
  const high = Math.max(...values)
  return allEqual(values) ? shortNumber(low) : `${shortNumber(low)}–${shortNumber(high)}`
}

/** Equal to the digits that are shown. */
function allEqual(values: readonly number[]): boolean {
  return values.every((value) => shortNumber(value) === shortNumber(values[0]))
}

/** The scale in words for a screen reader. */
export function tauInWords(tau: number): string {
  const named = [...COMMON, CHAIN_STABLE].find((mark) => Math.abs(mark.value - tau) < 0.005)
  return named?.meaning ?? shortNumber(tau)
}
