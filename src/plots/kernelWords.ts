// What does the kernel plot say in words and numbers?
import { emptyReason } from './cosineData.ts'
import { emptyWords } from './emptyState.ts'
import type { KernelPlotData } from './kernelData.ts'
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
  const outputs = sample.outputCount === 1 ? '' : ` × ${sample.outputCount} outputs`
  return `${plainNumber(sample.sampleCount)} ${sample.sampleCount === 1 ? 'sample' : 'samples'}${outputs}, relative, log scale`
}

/** One sentence per arm: drift, extremes, and whether the PL* ratio lies within its bounds. */
export function kernelSummary(data: KernelPlotData): string {
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
        `${arm}, ${label}, at step ${plainNumber(current.step)}: the kernel has moved by ${say(current.drift)} of its size, eigenvalues from ${say(current.lambdaMin)} to ${say(current.lambdaMax)}${ratio}.`,
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
    'smallest eigenvalue',
    'largest eigenvalue',
    'condition',
    'PL* ratio',
    'lower bound',
    'upper bound',
    'distance from start',
  ]
  const rows = data.arms.flatMap(({ arm, samples }) =>
    evenRows(samples.length, 200).map((index) => {
      const { step, drift, lambdaMin, lambdaMax, condition, plRatio, plLower, plUpper, weightDistance } = samples[index]
      return [arm, step, drift, lambdaMin, lambdaMax, condition, plRatio, plLower, plUpper, weightDistance]
    }),
  )
  return { columns, rows }
}

function say(value: number): string {
  return plainText(measuredNumber(value, 2))
}
