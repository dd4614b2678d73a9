// Where in the network is the gradient? The strip under the controls that shape it.
import { PlotHost } from './PlotHost.tsx'
import type { Panel } from './panels.ts'

const STRIP: Panel = {
  name: 'gradientNorms',
  title: 'Network',
  shortTitle: 'Network',
  load: async () => (await import('./stripPanel.ts')).stripPanel,
}

/** One bar per layer, log scale, both arms one above the other. */
export function NetworkStrip() {
  return (
    <div className="strip not-present">
      <div className="strip-host">
        <PlotHost panel={STRIP} variant="small" />
      </div>
      <p className="hint">gradient by layer, input left, log scale</p>
    </div>
  )
}
