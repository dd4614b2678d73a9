// What does the curvature look like? Five views of one instrument: its spectrum, the ends over time, what the optimizer feels, layers, entries.
import { createAxisMemory } from './axisMemory.ts'
import { feltArm, type HessianPlotData, type HessianView } from './hessianData.ts'
import { drawEnds, type EndsMemory } from './hessianEndsView.ts'
import { drawEntries } from './hessianEntriesView.ts'
import { drawLayers } from './hessianLayersView.ts'
import { drawSpectrum } from './hessianSpectrumView.ts'
import { viewCaption, viewSummary, viewTable } from './hessianViewWords.ts'
import { hessianHeadline } from './hessianWords.ts'
import { mountPlot } from './mountPlot.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind } from './plotKind.ts'
import { createSpectrumMemory, type SpectrumMemory } from './spectrumAxis.ts'

export interface HessianMemory extends EndsMemory {
  readonly spectrum: SpectrumMemory
  readonly felt: SpectrumMemory
}

/** The Hessian as a pure drawing with its words; the small variant is always the spectrum. */
export const hessianPlot: PlotKind<HessianPlotData, HessianMemory> = {
  name: 'Hessian',
  createMemory: () => ({
    spectrum: createSpectrumMemory(),
    felt: createSpectrumMemory(),
    ends: createSpectrumMemory(),
    steps: createAxisMemory(),
  }),
  draw: drawHessian,
  headline: hessianHeadline,
  caption: viewCaption,
  summary: viewSummary,
  table: viewTable,
}

/** Puts a Hessian plot into a host. */
export function createHessianPlot(host: HTMLElement): MountedPlot<HessianPlotData> {
  return mountPlot(hessianPlot, host)
}

function drawHessian(data: HessianPlotData, box: PlotBox, memory: HessianMemory): Drawing {
  const view: HessianView = box.variant === 'small' ? 'spectrum' : (data.view ?? 'spectrum')
  switch (view) {
    case 'spectrum':
      return drawSpectrum(data, box, memory.spectrum)
    case 'ends':
      return drawEnds(data, box, memory)
    case 'preconditioned':
      return drawSpectrum({ ...data, arms: data.arms.map(feltArm) }, box, memory.felt)
    case 'layers':
      return drawLayers(data, box)
    case 'entries':
      return drawEntries(data, box)
    default:
      return view satisfies never
  }
}
