// Which initial scales have a name? Marks of the τ slider, and what τ means for the weights.
import type { Experiment } from '../../core/experiment.ts'
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

/** One line under the slider: what the weights are drawn from. */
export function weightLaw(experiment: Experiment): string {
  const { init, model } = experiment
  const chain = model.kind === 'chain'
  const variance = `variance ${shortNumber(init.tau ** 2 / 3)}${chain ? '' : ' / fan-in'}`
  switch (init.scheme) {
    case 'uniform':
      return chain ? `weights in [−τ, τ], ${variance}` : `weights in ±τ/√fan-in, ${variance}`
    case 'constant':
      return 'every weight is τ'
    case 'unitNormal':
      return 'N(0, 1) for every weight'
    case 'orthogonal':
      return 'orthogonal matrices: every length is kept'
    case 'lecunNormal':
      return 'N(0, 1 / fan-in), as much variance as τ = √3'
    case 'lecunUniform':
      return 'variance 1 / (3 fan-in): τ = 1'
    case 'glorotNormal':
    case 'glorotUniform':
      return 'variance 2 / (fan-in + fan-out): τ = √3 on square layers'
    case 'heNormal':
    case 'heUniform':
      return 'variance 2 / fan-in: τ = √6'
    default:
      init.scheme satisfies never
      return ''
  }
}

/** The scale in words for a screen reader. */
export function tauInWords(tau: number): string {
  const named = [...COMMON, CHAIN_STABLE].find((mark) => Math.abs(mark.value - tau) < 0.005)
  return named?.meaning ?? shortNumber(tau)
}
