// The network as a row of bars: what it is made of, and where its gradient is.
import { armsOf } from '../../core/resolve.ts'
import { layerQuantiles } from '../../plots/gradientData.ts'
import { createNetworkStrip, networkStrip, type StripArm } from '../../plots/networkStrip.ts'
import { MEDIAN, QUANTILE_COUNT } from '../../plots/seedQuantiles.ts'
import type { LabState } from '../../store/labState.ts'
import { networkOf } from '../controls/networkOf.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const stripPanel = definePanel({
  kind: networkStrip,
  create: createNetworkStrip,
  data: (state) => {
    const measured = new Map(armSamples(state, 'gradientNorms').map((samples) => [samples.arm, samples]))
    return {
      arms: armsOf(state.experiment).map((arm): StripArm => {
        const { layers } = networkOf(state.experiment, arm)
        const samples = measured.get(arm)
        return { arm, label: samples?.label ?? '', log10: medians(samples?.current ?? null), layers }
      }),
    }
  },
  versions: (state) => historyVersions(state, 'gradientNorms'),
})

type Norms = LabState['columns']['A']['gradientNorms']['samples'][number]

/** [layerCount] median over seeds; empty before the first measurement: the structure is drawn alone. */
function medians(sample: Norms | null): Float64Array {
  if (sample === null) return new Float64Array(0)
  const quantiles = layerQuantiles(sample.log10, sample.seedCount, sample.layerCount)
  return Float64Array.from({ length: sample.layerCount }, (_, layer) => quantiles[layer * QUANTILE_COUNT + MEDIAN])
}
