// Where in the matrix is the curvature? Every entry of a small network's Hessian: size as contrast, sign as colour.
//
// Chains are hollow: the diagonal is of the square of what lies around it. Both arms share one scale, or a vanished arm would
// look like a living one.
import { emptyMarks, NOT_YET, type EmptyWords } from './emptyState.ts'
import { ENTRY_LIMIT, newestWith, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { belowMap, cutsOf, entryAt, mapPlaces, mapReadout, matrixMapMarks } from './matrixMap.ts'
import { diagonalSplit, sizeRows, splitLines } from './matrixNumbers.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, PlotBox } from './plotKind.ts'
import type { HessianSample } from '../core/sample.ts'
import { exponentsOf, largestByCell, signedBarMarks, signedPixels } from './signedMap.ts'
import { statisticsMarks } from './statisticsColumn.ts'
import { armColour } from './theme.ts'

interface MappedArm {
  readonly arm: HessianArm
  readonly sample: HessianSample
  readonly entries: Float64Array
}

/** Arms whose entries are known at or before the cursor. */
export function mappedArms(data: HessianPlotData): readonly MappedArm[] {
  return data.arms.flatMap((arm) => {
    const sample = newestWith(arm, 'entries')
    return sample === null || sample.entries === null ? [] : [{ arm, sample, entries: sample.entries }]
  })
}

/** Why there is no map. */
export function missingEntries(data: HessianPlotData): EmptyWords {
  const measured = data.arms.flatMap(({ current }) => (current === null ? [] : [current]))
  if (measured.length === 0) return NOT_YET
  const largest = Math.max(...measured.map(({ parameterCount }) => parameterCount))
  return largest > ENTRY_LIMIT
    ? {
        head: `${plainNumber(largest)} parameters`,
        body: `Every entry is drawn up to ${ENTRY_LIMIT} parameters; layers and spectrum are there beyond.`,
      }
    : { head: 'Not measured while the run goes on', body: 'Pause the run: then every entry is measured.' }
}

/** The maps of all arms that have one. */
export function drawEntries(data: HessianPlotData, box: PlotBox): Drawing {
  const mapped = mappedArms(data)
  const range = exponentsOf(mapped.map(({ entries }) => entries))
  if (range === null) {
    const words =
      mapped.length === 0 ? missingEntries(data) : { head: 'Every entry is zero', body: 'The loss is exactly flat around these weights.' }
    return { canvas: [], svg: emptyMarks(words, box), cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const places = mapPlaces(mapped.length, 'last', box)
  const several = data.arms.length > 1
  const legend = signedBarMarks(places.bars[0], range, box)
  const maps = mapped.map(({ arm, sample, entries }, index) => {
    const square = places.squares[index]
    const n = sample.parameterCount
    const cells = Math.min(n, square.width)
    const cuts = cutsOf(sizesOf(sample))
    const step = sample.step === arm.current!.step ? '' : `, step ${plainNumber(sample.step)}`
    const map = {
      title: `${several ? `${arm.arm} ` : ''}${n} × ${n} entries${step}`,
      short: several ? arm.arm : `${n} × ${n}`,
      colour: several ? armColour(box.theme, arm.arm) : box.theme.muted,
      bold: several,
      pixels: signedPixels(largestByCell(entries, n, cells), range, box.theme.name),
      cells,
      cuts,
    }
    return { ...matrixMapMarks(map, square, index === 0, box), square, sample, entries, n, arm }
  })
  const beside =
    places.beside === null
      ? maps.flatMap(({ square, entries, n }) => (places.numbersBelow ? belowMap(square, splitLines(diagonalSplit(entries, n)), box) : []))
      : statisticsMarks(
          ['A'],
          sizeRows(mapped.map(({ entries, sample }) => diagonalSplit(entries, sample.parameterCount))),
          places.beside,
          box,
        )
  return {
    canvas: [...maps.flatMap(({ canvas }) => canvas), ...legend.canvas],
    svg: [...maps.flatMap(({ svg }) => svg), ...legend.svg, ...beside],
    cursor: () => [],
    probe(x, y) {
      for (const { square, sample, entries, n, arm } of maps) {
        const found = entryAt(square, n, x, y)
        if (found === null) continue
        const [row, column] = found
        const layers = sizesOf(sample)
        const title = `${several ? `${arm.arm}: ` : ''}row ${row + 1}, column ${column + 1}`
        const frame = { row: [row / n, (row + 1) / n] as const, column: [column / n, (column + 1) / n] as const }
        const lines = [
          { name: 'entry', value: measuredNumber(entries[row * n + column]) },
          { name: 'layers', value: `${layerOf(layers, row)} and ${layerOf(layers, column)}` },
        ]
        return mapReadout(square, frame, title, lines, box)
      }
      return null
    },
    stops: stopsOf(maps[0].square, maps[0].n),
    rescaled: [],
  }
}

/** Every place on the diagonal, at most as many as there are pixels. */
function stopsOf(
  square: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  n: number,
): Drawing['stops'] {
  const count = Math.min(n, 64)
  return {
    x: Float64Array.from({ length: count }, (_, k) => square.x + ((k + 0.5) / count) * square.width),
    y: square.y + square.height / 2,
  }
}

function sizesOf({ layerSizes, parameterCount }: HessianSample): ArrayLike<number> {
  return layerSizes ?? [parameterCount]
}

/** Number of the layer, from 1, that a parameter belongs to. */
function layerOf(sizes: ArrayLike<number>, parameter: number): number {
  let end = 0
  for (let layer = 0; layer < sizes.length; layer++) {
    end += sizes[layer]
    if (parameter < end) return layer + 1
  }
  return sizes.length
}
