// What does the kernel plot say in words and numbers?
import { emptyReason } from './cosineData.ts'
import { emptyWords } from './emptyState.ts'
import { certificateRadii, certificateWords, kernelCertificate, lipschitzEstimates } from '../core/kernelCertificate.ts'
import { gapSamples, type KernelPlotData } from './kernelData.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText } from './scene.ts'
import { evenRows } from './tableRows.ts'

/** Drift of each arm. */
export function kernelHeadline(data: KernelPlotData): string {
  const drawn = data.arms.filter(({ current }) => current !== null)
  return drawn.map(({ arm, current }) => `${drawn.length > 1 ? `${arm} ` : ''}${inlineText(measuredNumber(current!.drift, 2))}`).join(' · ')
}

/** How many samples the kernel has. */
export function kernelCaption(data: KernelPlotData): string {
  const sample = data.arms.find(({ current }) => current !== null)?.current
  if (sample === undefined || sample === null) return ''
  if (data.view === 'ball') return certificates(data).join(' · ') || 'distance solid, radius long-dashed, log scale'
  const outputs = sample.outputCount === 1 ? '' : ` × ${sample.outputCount} outputs`
  return `${plainNumber(sample.sampleCount)} ${sample.sampleCount === 1 ? 'sample' : 'samples'}${outputs}, relative, log scale`
}

/** What may be said of each arm up to the step at hand; nothing where the loss is not known. */
function certificates({ arms, loss }: KernelPlotData): readonly string[] {
  if (loss === undefined) return []
  return arms.map(({ arm, samples, current }) => {
    const seen = samples.filter(({ step }) => current === null || step <= current.step)
    return `${arms.length > 1 ? `${arm} ` : ''}${certificateWords(kernelCertificate(seen, loss), say)}`
  })
}

/** One sentence per arm: drift, extremes, and whether the PL* ratio lies within its bounds. */
export function kernelSummary(data: KernelPlotData): string {
  const vouched = certificates(data).map((words) => `${words[0].toUpperCase()}${words.slice(1)}.`)
  return [kernelSentences(data), ballSentence(data), ...vouched, gapSentence(data)].filter((part) => part !== '').join(' ')
}

/** Whether the weights are where the certificate speaks. */
function ballSentence({ arms, loss }: KernelPlotData): string {
  if (loss === undefined) return ''
  return arms
    .flatMap(({ arm, samples, current }) => {
      const seen = samples.filter(({ step }) => current !== null && step <= current.step)
      const radius = certificateRadii(seen, loss)?.at(-1)
      const distance = seen.at(-1)?.weightDistance
      return radius === undefined || distance === undefined
        ? []
        : [`${arm} has moved ${say(distance)} from its start, ${distance <= radius ? 'within' : 'beyond'} the radius ${say(radius)}.`]
    })
    .join(' ')
}

function gapSentence(data: KernelPlotData): string {
  const last = gapSamples(data).at(-1)
  if (last === undefined) return ''
  return `At step ${plainNumber(last.step)} network and tangent are ${say(last.tangentGap.rms)} apart per sample; the network has moved ${say(last.tangentGap.moved)}.`
}

function kernelSentences(data: KernelPlotData): string {
  const reason = emptyReason(data.arms)
  if (reason !== undefined) {
    const { head, body } = emptyWords('kernel', reason)
    return `${head}. ${body}`
  }
  return data.arms
    .flatMap(({ arm, label, current }) => {
      if (current === null) return []
      const inside = current.plRatio >= current.plLower * (1 - 1e-6) && current.plRatio <= current.plUpper * (1 + 1e-6)
      const ratio = Number.isFinite(current.plRatio)
        ? `, the PL* ratio ${say(current.plRatio)} lies ${inside ? 'within' : 'outside'} ${say(current.plLower)} to ${say(current.plUpper)}`
        : ''
      return [
        `${arm}, ${label}, at step ${plainNumber(current.step)}: the kernel has moved by ${say(current.drift)} of its size${current.change === undefined ? '' : ` and by ${say(current.change.value)} in the spectral norm`}, eigenvalues from ${say(current.lambdaMin)} to ${say(current.lambdaMax)}${ratio}.`,
      ]
    })
    .join(' ')
}

/** One row per sample of each arm in time. */
export function kernelTable(data: KernelPlotData): DataTable {
  const columns = [
    'arm',
    'step',
    'drift',
    'largest drift so far',
    '|K − K₀|₂',
    'smallest eigenvalue',
    'largest eigenvalue',
    'condition',
    'PL* ratio',
    'lower bound',
    'upper bound',
    'distance from start',
    'L_F so far',
    'radius R',
    'gap to tangent',
    'outputs moved',
  ]
  const rows = data.arms.flatMap(({ arm, samples }) => {
    const radii = data.loss === undefined ? null : certificateRadii(samples, data.loss)
    const lipschitz = lipschitzEstimates(samples)
    let largest = 0
    const largestDrift = samples.map(({ drift }) => (largest = Math.max(largest, drift)))
    return evenRows(samples.length, 200).map((index) => {
      const { tangentGap } = samples[index]
      const { step, drift, lambdaMin, lambdaMax, condition, plRatio, plLower, plUpper, weightDistance } = samples[index]
      return [
        arm,
        step,
        drift,
        largestDrift[index],
        samples[index].change?.value ?? null,
        lambdaMin,
        lambdaMax,
        condition,
        plRatio,
        plLower,
        plUpper,
        weightDistance,
        lipschitz[index],
        radii?.[index] ?? null,
        tangentGap?.rms ?? null,
        tangentGap?.moved ?? null,
      ]
    })
  })
  return { columns, rows }
}

function say(value: number): string {
  return plainText(measuredNumber(value, 2))
}
