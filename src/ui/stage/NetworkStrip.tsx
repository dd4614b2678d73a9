// What is the network, and where in it is the gradient? The strip under the controls that shape it, with its layers in words.
import { armsOf } from '../../core/resolve.ts'
import type { LayerSpec } from '../../core/networkSpec.ts'
import { networkExtras, networkPath, networkWords } from '../../plots/networkWords.ts'
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
  return (
    <div className="strip" data-chain={chain}>
      <div className="strip-host" data-rows={arms.length} data-skips={skips}>
        <PlotHost panel={STRIP} variant="small" />
      </div>
      {!chain && <Words specs={specs} />}
      {/* Two rows of bars need the room; what bars are is said on hover and by the plot of gradients. */}
      {(chain || arms.length === 1) && <p className="hint not-present">bars: gradient by layer, log scale</p>}
    </div>
  )
}

/** One line where both arms are the same network, else what each has that the other has not. */
function Words({ specs }: { readonly specs: readonly (readonly LayerSpec[])[] }) {
  const [a, b] = specs
  if (b === undefined || networkWords(a) === networkWords(b)) return <p className="hint">{networkWords(a)}</p>
  if (networkPath(a) !== networkPath(b)) return <ArmLines a={networkWords(a)} b={networkWords(b)} />
  return (
    <>
      <p className="hint">{networkPath(a)}</p>
      <p className="hint">
        <b className="arm-a">A</b> {networkExtras(a) || 'plain'}, <b className="arm-b">B</b> {networkExtras(b) || 'plain'}
      </p>
    </>
  )
}

function ArmLines({ a, b }: { readonly a: string; readonly b: string }) {
  return (
    <>
      <p className="hint">
        <b className="arm-a">A</b> {a}
      </p>
      <p className="hint">
        <b className="arm-b">B</b> {b}
      </p>
    </>
  )
}
