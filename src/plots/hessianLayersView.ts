// Which layers curve together? Size of every layer block of the Hessian: within a layer on the diagonal, between layers beside it.
//
// Mean entries fall with the width of the layers, Frobenius norms do not: compare norms between networks, entries within one.
import type { HessianSample } from '../core/sample.ts'
import { colourBarMarks } from './colourBar.ts'
import { writeViridis } from './colourScale.ts'
import { emptyMarks, NOT_YET, type EmptyWords } from './emptyState.ts'
import { BLOCK_LIMIT, newestWith, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { belowMap, cutsOf, entryAt, mapPlaces, mapReadout, matrixMapMarks } from './matrixMap.ts'
import { diagonalSplit, sizeRows, splitLines } from './matrixNumbers.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, PlotBox } from './plotKind.ts'
import { exponentScale } from './positionScale.ts'
import { joinLabels, type Label, type Mark } from './scene.ts'
import { exponentsOf } from './signedMap.ts'
import { statisticsMarks } from './statisticsColumn.ts'
import { armColour } from './theme.ts'

/** One arm with the blocks of both quantities. */
export interface BlockArm {
  readonly arm: HessianArm
  readonly sample: HessianSample
  /** Null where the norms are estimates: nothing knows single entries then. */
  readonly meanAbs: Float64Array | null
  readonly frobenius: Float64Array
}

/** Arms whose layer blocks are known at or before the cursor. */
export function blockArms(data: HessianPlotData): readonly BlockArm[] {
  return data.arms.flatMap((arm) => {
    const sample = newestWith(arm, 'blockFrobenius')
    return sample === null || sample.blockFrobenius === null
      ? []
      : [{ arm, sample, meanAbs: sample.blockMeanAbs, frobenius: sample.blockFrobenius }]
  })
}

/** Why there is no map. */
export function missingBlocks(data: HessianPlotData): EmptyWords {
  const measured = data.arms.flatMap(({ current }) => (current === null ? [] : [current]))
  if (measured.length === 0) return NOT_YET
  const largest = Math.max(...measured.map(({ parameterCount }) => parameterCount))
  return largest > BLOCK_LIMIT
    ? {
        head: `${plainNumber(largest)} parameters`,
        body: 'Layer blocks are estimated on demand: More probes, at the top of this card.',
      }
    : { head: 'Not measured while the run goes on', body: 'Pause the run: then the layer blocks are measured.' }
}

interface Picture {
  readonly owner: BlockArm
  readonly quantity: 'meanAbs' | 'frobenius'
}

/** Mean entries of both arms side by side, or both quantities of the only arm. */
export function drawLayers(data: HessianPlotData, box: PlotBox): Drawing {
  const arms = blockArms(data)
  const pictures: readonly Picture[] =
    arms.length === 1
      ? (['meanAbs', 'frobenius'] as const)
          .filter((quantity) => arms[0][quantity] !== null)
          .map((quantity) => ({ owner: arms[0], quantity }))
      : arms.map((owner) => ({ owner, quantity: arms.every(({ meanAbs }) => meanAbs !== null) ? 'meanAbs' : 'frobenius' }))
  const shared = arms.length > 1
  const ranges = shared
    ? pictures.map(() => exponentsOf(pictures.map(valuesOf)))
    : pictures.map((picture) => exponentsOf([valuesOf(picture)]))
  if (pictures.length === 0 || ranges.some((range) => range === null)) {
    const words =
      pictures.length === 0 ? missingBlocks(data) : { head: 'Every block is zero', body: 'The loss is exactly flat around these weights.' }
    return { canvas: [], svg: emptyMarks(words, box), cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const places = mapPlaces(pictures.length, shared ? 'last' : 'each', box)
  const several = data.arms.length > 1
  const canvas: Mark[] = []
  const svg: Mark[] = []
  for (const [index, picture] of pictures.entries()) {
    const { owner, quantity } = picture
    const count = owner.sample.layerCount
    const [low, high] = ranges[index]!
    const share = (exponent: number) => (exponent - low) / (high - low)
    const values = valuesOf(picture)
    const pixels = new Uint8ClampedArray(4 * values.length)
    for (let i = 0; i < values.length; i++) writeViridis(pixels, 4 * i, values[i] > 0 ? Math.max(0, share(Math.log10(values[i]))) : 0)
    const what = quantity === 'meanAbs' ? 'mean |entry|' : 'Frobenius norm'
    const step = owner.sample.step === owner.arm.current!.step ? '' : `, step ${plainNumber(owner.sample.step)}`
    const map = {
      title: `${several ? `${owner.arm.arm} ` : ''}${what} by layer${step}`,
      short: several ? `${owner.arm.arm} ${what}` : what,
      colour: several ? armColour(box.theme, owner.arm.arm) : box.theme.muted,
      bold: several,
      pixels,
      cells: count,
      // Blocks of equal size on the screen, however many weights they hold.
      cuts: cutsOf(new Uint8Array(count).fill(1)),
    }
    const marks = matrixMapMarks(map, places.squares[index], index === 0, box)
    canvas.push(...marks.canvas)
    const split = diagonalSplit(values, count)
    const numbers =
      places.beside === null
        ? places.numbersBelow
          ? belowMap(places.squares[index], splitLines(split), box)
          : []
        : statisticsMarks(['A'], sizeRows([split]), places.beside, box)
    svg.push(...marks.svg, ...numbers)
    if (shared && index < pictures.length - 1) continue
    const bar = places.bars[shared ? 0 : index]
    const ticks = exponentScale([low, high], [0, 1]).ticks(Math.max(2, bar.height / (38 * box.text)))
    const legend = colourBarMarks(bar, ticks, share, '', box)
    canvas.push(...legend.canvas)
    svg.push(...legend.svg)
  }
  return {
    canvas,
    svg,
    cursor: () => [],
    probe: (x, y) => blockProbe(pictures, places.squares, several, box, x, y),
    stops: {
      x: Float64Array.from(
        { length: arms[0].sample.layerCount },
        (_, k) => places.squares[0].x + ((k + 0.5) / arms[0].sample.layerCount) * places.squares[0].width,
      ),
      y: places.squares[0].y + places.squares[0].height / 2,
    },
    rescaled: [],
  }
}

function valuesOf({ owner, quantity }: Picture): Float64Array {
  return quantity === 'meanAbs' ? (owner.meanAbs ?? owner.frobenius) : owner.frobenius
}

function blockProbe(
  pictures: readonly Picture[],
  squares: readonly { readonly x: number; readonly y: number; readonly width: number; readonly height: number }[],
  several: boolean,
  box: PlotBox,
  x: number,
  y: number,
): ReturnType<Drawing['probe']> {
  for (const [index, { owner }] of pictures.entries()) {
    const count = owner.sample.layerCount
    const found = entryAt(squares[index], count, x, y)
    if (found === null) continue
    const [row, column] = found
    const at = row * count + column
    const layers = row === column ? `within layer ${row + 1}` : `layers ${row + 1} and ${column + 1}`
    return mapReadout(
      squares[index],
      { row: [row / count, (row + 1) / count], column: [column / count, (column + 1) / count] },
      `${several ? `${owner.arm.arm}: ` : ''}${layers}`,
      [
        ...(owner.meanAbs === null ? [] : [{ name: 'mean |entry|', value: measuredNumber(owner.meanAbs[at]) }]),
        { name: 'Frobenius norm', value: normText(owner.sample, owner.frobenius, at) },
      ],
      box,
    )
  }
  return null
}

/** With its standard error where it is an estimate. */
function normText({ blockFrobeniusStderr }: HessianSample, frobenius: Float64Array, at: number): Label {
  const value = measuredNumber(frobenius[at])
  if (blockFrobeniusStderr === undefined || blockFrobeniusStderr === null) return value
  return joinLabels(value, ' ± ', measuredNumber(blockFrobeniusStderr[at], 1))
}
