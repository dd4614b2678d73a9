// The network as a row of bars: where the gradient is, one bar per layer.
import { layerQuantiles } from '../../plots/gradientData.ts'
import { createNetworkStrip, networkStrip } from '../../plots/networkStrip.ts'
import { MEDIAN, QUANTILE_COUNT } from '../../plots/seedQuantiles.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const stripPanel = definePanel({
  kind: networkStrip,
  create: createNetworkStrip,
  data: (state) => ({
    arms: armSamples(state, 'gradientNorms').flatMap(({ arm, label, current }) => {
      if (current === null) return []
      const quantiles = layerQuantiles(current.log10, current.seedCount, current.layerCount)
      return [
        { arm, label, log10: Float64Array.from({ length: current.layerCount }, (_, layer) => quantiles[layer * QUANTILE_COUNT + MEDIAN]) },
      ]
    }),
  }),
  versions: (state) => historyVersions(state, 'gradientNorms'),
})
