// What does the spectrum plot say in words and numbers, and how sure is it?
import { emptyReason } from './cosineData.ts'
import { emptyWords } from './emptyState.ts'
import { drawnValues, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable, PlotVariant } from './plotKind.ts'
import { inlineText, plainText } from './scene.ts'
import { knownEnds, unknownEnds } from './spectrumEnds.ts'

/** Largest eigenvalue of each arm. */
export function hessianHeadline(data: HessianPlotData): string {
  const drawn = data.arms.filter(({ current }) => current !== null)
  return drawn
    .map(
      ({ arm, current }) =>
        `${drawn.length > 1 ? `${arm} ` : 'λ '}${knownEnds(current!).largest ? '' : '≥ '}${inlineText(measuredNumber(current!.lambdaMax, 2))}`,
    )
    .join(' · ')
}

/** How the spectrum was found. */
export function hessianCaption(data: HessianPlotData): string {
  const sample = data.arms.find(({ current }) => current !== null)?.current
  if (sample === undefined || sample === null) return ''
  if (sample.method === 'exact') return `exact, ${plainNumber(sample.parameterCount)} eigenvalues`
  const probes = sample.probes === 1 ? '1 probe' : `${sample.probes} probes`
  return `Lanczos, ${probes}, ${sample.lanczosSteps} steps, ${plainNumber(sample.parameterCount)} parameters${behind(unknownEnds(sample))}`
}

/** Head of one arm's strip: whose it is, how many are negative, what a mark is. */
export function stripTitle({ arm, label, current }: HessianArm, several: boolean, variant: PlotVariant, unit: string): string {
  const negative = current?.numNegative ?? null
  const main = variant === 'main'
  const who = several ? (main ? `${arm} ${label}` : arm) : ''
  const count = negative === null ? '' : `${plainNumber(negative)} of ${plainNumber(current!.parameterCount)} negative`
  const what = main ? unit : count === '' ? unit.replace(' of the spectrum', '') : ''
  return [who, count, what].filter((part) => part !== '').join(', ')
}

/** One sentence per arm: extremes with their bounds, negative count, and the optimizer's limit. */
export function hessianSummary(data: HessianPlotData): string {
  const reason = emptyReason(data.arms)
  if (reason !== undefined) {
    const { head, body } = emptyWords('hessian', reason)
    return `${head}. ${body}`
  }
  return data.arms
    .flatMap(({ arm, label, current, stability }) => {
      if (current === null) return []
      const negative = current.numNegative === null ? '' : `, ${current.numNegative} of ${current.parameterCount} negative`
      const limit =
        stability === null
          ? ''
          : `; ${stability.label} is ${say(stability.value)}, ${stability.value >= current.lambdaMax ? 'above' : 'below'} the largest`
      const { smallest, largest } = knownEnds(current)
      return [
        `${arm}, ${label}, at step ${plainNumber(current.step)}: eigenvalues from ${smallest ? '' : 'at most '}${say(current.lambdaMin)} to ${largest ? '' : 'at least '}${say(current.lambdaMax)}${negative}${behind(unknownEnds(current))}${limit}.`,
      ]
    })
    .join(' ')
}

/** One row per eigenvalue or node of each arm, ascending. */
export function hessianTable(data: HessianPlotData): DataTable {
  const rows = data.arms.flatMap(({ arm, current }) => {
    if (current === null) return []
    const weights = current.eigenvalues === null ? current.nodeWeights : null
    return Array.from(drawnValues(current), (value, index) => [arm, index + 1, value, weights === null ? null : weights[index]])
  })
  return { columns: ['arm', 'number', 'eigenvalue', 'share'], rows }
}

const behind = (words: string | null): string => (words === null ? '' : `, ${words}`)

function say(value: number): string {
  return plainText(measuredNumber(value, 2))
}
