// What is the network, and where in it is the gradient? The strip under the controls that shape it, with its layers in words.
import { armsOf } from '../../core/resolve.ts'
import { networkWords } from '../../plots/networkWords.ts'
import { networkOf } from '../controls/networkOf.ts'
import { useLabState } from '../lab.tsx'
import { PlotHost } from './PlotHost.tsx'
import type { Panel } from './panels.ts'

const STRIP: Panel = {
  name: 'gradientNorms',
  title: 'Network',
  shortTitle: 'Network',
  load: async () => (await import('./stripPanel.ts')).stripPanel,
}

/** One bar per layer, log scale, both arms one above the other; taller where arcs of skips need room. */
export function NetworkStrip() {
  const experiment = useLabState((state) => state.experiment)
  const arms = armsOf(experiment)
  const specs = arms.map((arm) => networkOf(experiment, arm).layers)
  const skips = specs.some((layers) => layers.some((layer) => layer.kind !== 'pool' && layer.skip !== undefined))
  const chain = experiment.model.kind === 'chain'
  const words = specs.map(networkWords)
  return (
    <div className="strip" data-chain={chain}>
      <div className="strip-host" data-rows={arms.length} data-skips={skips}>
        <PlotHost panel={STRIP} variant="small" />
      </div>
      {!chain &&
        words.map((text, index) =>
          index > 0 && text === words[0] ? null : (
            <p key={arms[index]} className="hint">
              {words.length > 1 && words[1] !== words[0] && <b className={arms[index] === 'A' ? 'arm-a' : 'arm-b'}>{arms[index]} </b>}
              {text}
            </p>
          ),
        )}
      {/* Two rows of bars need the room; what bars are is said on hover and by the plot of gradients. */}
      {(chain || arms.length === 1) && <p className="hint not-present">bars: gradient by layer, log scale</p>}
    </div>
  )
}
