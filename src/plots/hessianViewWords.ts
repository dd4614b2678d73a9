// What does each view of the Hessian say in words and numbers?
import { endValue } from './extremesPanel.ts'
import { inverseCurvature } from './effectiveStepPanel.ts'
import { feltArm, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { mappedArms, missingEntries } from './hessianEntriesView.ts'
import { blockArms, missingBlocks } from './hessianLayersView.ts'
import { hessianCaption, hessianSummary, hessianTable } from './hessianWords.ts'
import { diagonalSplit } from './matrixNumbers.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { plainText } from './scene.ts'
import { evenRows } from './tableRows.ts'

/** What is drawn, in a few words. */
export function viewCaption(data: HessianPlotData): string {
  const { view = 'spectrum' } = data
  switch (view) {
    case 'spectrum':
      return hessianCaption(data)
    case 'ends':
      return 'over time, bands are residual bounds'
    case 'preconditioned':
      return isRescaled(data) ? 'as felt by the optimizer, divided by √v + ε' : 'no optimizer here rescales its steps'
    case 'layers':
      return 'by layer, log scale'
    case 'entries':
      return 'log of the size, sign by colour'
    default:
      return view satisfies never
  }
}

/** One sentence or two for people who do not see it. */
export function viewSummary(data: HessianPlotData): string {
  const { view = 'spectrum' } = data
  switch (view) {
    case 'spectrum':
      return hessianSummary(data)
    case 'ends':
      return `${hessianSummary(data)} ${data.arms.map(stepSentence).join(' ')}`.trim()
    case 'preconditioned':
      return isRescaled(data)
        ? `As the optimizer feels it. ${hessianSummary(felt(data))}`
        : `No optimizer here rescales its steps, so it feels the plain spectrum. ${hessianSummary(data)}`
    case 'layers': {
      const arms = blockArms(data)
      if (arms.length === 0) return sentence(missingBlocks(data))
      return arms
        .map(({ arm, sample, frobenius }) => {
          const { diagonal, offDiagonal } = diagonalSplit(frobenius, sample.layerCount)
          return `${arm.arm}, ${arm.label}, at step ${plainNumber(sample.step)}: the Frobenius norm of a block is typically ${say(diagonal)} within a layer and ${say(offDiagonal)} between layers.`
        })
        .join(' ')
    }
    case 'entries': {
      const arms = mappedArms(data)
      if (arms.length === 0) return sentence(missingEntries(data))
      return arms
        .map(({ arm, sample, entries }) => {
          const { diagonal, offDiagonal } = diagonalSplit(entries, sample.parameterCount)
          return `${arm.arm}, ${arm.label}, at step ${plainNumber(sample.step)}: of ${sample.parameterCount} by ${sample.parameterCount} entries the median size is ${say(diagonal)} on the diagonal and ${say(offDiagonal)} beside it.`
        })
        .join(' ')
    }
    default:
      return view satisfies never
  }
}

/** The numbers behind the view. */
export function viewTable(data: HessianPlotData): DataTable {
  const { view = 'spectrum' } = data
  switch (view) {
    case 'spectrum':
      return hessianTable(data)
    case 'ends':
      return endsTable(data)
    case 'preconditioned':
      return hessianTable(felt(data))
    case 'layers': {
      const rows = blockArms(data).flatMap(({ arm, sample, meanAbs, frobenius }) =>
        Array.from(frobenius, (size, at) => [
          arm.arm,
          Math.floor(at / sample.layerCount) + 1,
          (at % sample.layerCount) + 1,
          meanAbs?.[at] ?? null,
          size,
          sample.blockFrobeniusStderr?.[at] ?? null,
        ]),
      )
      return { columns: ['arm', 'layer', 'and layer', 'mean absolute entry', 'Frobenius norm', 'standard error'], rows }
    }
    case 'entries': {
      const rows = mappedArms(data).flatMap(({ arm, sample, entries }) =>
        Array.from(entries, (value, at) => [arm.arm, Math.floor(at / sample.parameterCount) + 1, (at % sample.parameterCount) + 1, value]),
      )
      return { columns: ['arm', 'row', 'column', 'entry'], rows }
    }
    default:
      return view satisfies never
  }
}

function endsTable(data: HessianPlotData): DataTable {
  const columns = ['arm', 'step']
  for (const end of ['largest', 'smallest']) for (const rank of [1, 2, 3]) columns.push(`${end} ${rank}`, `${end} ${rank} bound`)
  columns.push('step, least', 'step, median', 'step, most', '1/lambda_max')
  const rows = data.arms.flatMap(({ arm, samples }) =>
    evenRows(samples.length, 200).map((index) => {
      const sample = samples[index]
      const ends = (['largest', 'smallest'] as const).flatMap((end) =>
        [0, 1, 2].flatMap((rank) => {
          const { value, residual } = endValue(sample, end, rank)
          return Number.isFinite(value) ? [value, residual] : [null, null]
        }),
      )
      const { effectiveStep } = sample
      const inverse = inverseCurvature(sample)
      return [
        arm,
        sample.step,
        ...ends,
        effectiveStep?.min ?? null,
        effectiveStep?.median ?? null,
        effectiveStep?.max ?? null,
        Number.isNaN(inverse) ? null : inverse,
      ]
    }),
  )
  return { columns, rows }
}

function stepSentence({ arm, current }: HessianArm): string {
  if (current === null || current.effectiveStep === null) return ''
  const inverse = inverseCurvature(current)
  const allowed = Number.isNaN(inverse) ? '' : `, one over the largest eigenvalue is ${say(inverse)}`
  return `${arm} steps by ${say(current.effectiveStep.median)} per unit of gradient${allowed}.`
}

function isRescaled(data: HessianPlotData): boolean {
  return data.arms.some(({ current }) => current?.preconditionedSpectrum !== undefined && current.preconditionedSpectrum !== null)
}

function felt(data: HessianPlotData): HessianPlotData {
  return { ...data, arms: data.arms.map(feltArm) }
}

function sentence({ head, body }: { readonly head: string; readonly body: string }): string {
  return `${head}. ${body}`
}

function say(value: number): string {
  return plainText(measuredNumber(value, 2))
}
