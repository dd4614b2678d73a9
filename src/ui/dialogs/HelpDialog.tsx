// What must one know to use the page? A paragraph, the keys, and how to read a line.
import type { Ref } from 'react'
import { KEYS } from '../keyboard.ts'
import { useLab, useLabState } from '../lab.tsx'
import { Dialog } from './Dialog.tsx'

/** Opens with the question mark. */
export function HelpDialog({ ref }: { readonly ref: Ref<HTMLDialogElement> }) {
  const { view } = useLab()
  const hotkeys = useLabState((state) => state.hotkeys)
  return (
    <Dialog ref={ref} title="How this page works">
      <section className="form-section">
        <p>
          A network trains in front of you while four instruments show why it learns or does not: gradient norms by layer, cosines between
          mini-batch gradients, the spectrum of the Hessian, and the drift of the tangent kernel. Move a slider to see the start it would
          have; press Run to train. Learning rate and optimizer may change on the way, everything else starts again and leaves its old run
          as a dotted line.
        </p>
      </section>
      <section className="form-section">
        <h3 className="section-title">Lines</h3>
        <dl className="keys">
          <dt>
            <Line colour="var(--a)" />
          </dt>
          <dd>Run A, solid</dd>
          <dt>
            <Line colour="var(--b)" dash="7 4" />
          </dt>
          <dd>Run B, dashed; both share seed, data and order</dd>
          <dt>
            <Line colour="var(--muted)" dash="1.5 3.5" />
          </dt>
          <dd>An earlier or pinned run, dotted</dd>
          <dt>
            <Line colour="var(--ink)" dash="12 5" />
          </dt>
          <dd>What theory predicts, long dashes; its hypotheses stand beside it</dd>
        </dl>
      </section>
      <section className="form-section">
        <h3 className="section-title">Keys</h3>
        <dl className="keys">
          {KEYS.map((entry) => (
            <div key={entry.does} style={{ display: 'contents' }}>
              <dt>
                {entry.keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{entry.does}</dd>
            </div>
          ))}
        </dl>
        <label className="check">
          <input type="checkbox" checked={hotkeys} onChange={(event) => view.setHotkeys(event.target.checked)} /> Keys drive the page
        </label>
      </section>
      <section className="form-section">
        <p className="small muted">
          Everything is computed in this tab; nothing leaves it. <a href="./lecture.html">A lecture page</a> shows how figures look in a
          text. Papers: Sankararaman et al. 2020; Chen et al. 2018; Liu, Zhu and Belkin 2020; Orvieto et al. 2021. Images: Fashion-MNIST,
          MIT licence, © Zalando SE; digits: UCI optdigits.
        </p>
      </section>
    </Dialog>
  )
}

function Line({ colour, dash }: { readonly colour: string; readonly dash?: string }) {
  return (
    <svg width="44" height="20" aria-hidden="true">
      <line x1="0" x2="44" y1="10" y2="10" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
    </svg>
  )
}
