// What can be taken away? The picture, its numbers, the experiment, and a snapshot that other software can check.
import { Download } from 'lucide-react'
import { useLab } from '../lab.tsx'
import { downloadText } from './download.ts'
import { Popover } from './Popover.tsx'

/** The menu behind "Export". */
export function ExportMenu() {
  const lab = useLab()
  const { store, view } = lab
  const save = (action: () => void | Promise<void>, close: () => void) => () => {
    close()
    Promise.resolve()
      .then(action)
      .catch((error: unknown) =>
        view.toast('error', `That could not be exported: ${error instanceof Error ? error.message : 'unknown reason'}.`),
      )
  }
  return (
    <Popover
      buttonClass="button not-narrow"
      align="end"
      className="menu export"
      button={
        <>
          <Download aria-hidden="true" /> Export
        </>
      }
    >
      {(close) => (
        <ul>
          <Item
            title="Experiment, JSON"
            text="Everything needed to run it again"
            onClick={save(
              () => downloadText('plateau-experiment.json', 'application/json', JSON.stringify(store.getState().experiment, null, 2)),
              close,
            )}
          />
          <Item
            title="Values, table and CSV"
            text="Of the main plot"
            onClick={save(() => view.setTablePanel(store.getState().mainPanel), close)}
          />
          <Item
            title="Picture, SVG"
            text="Of the main plot, in full size"
            onClick={save(() => view.setFullPanel(store.getState().mainPanel), close)}
          />
          <Item
            title="Snapshot, JSON"
            text="Weights, data and everything measured now"
            onClick={save(
              async () => downloadText('plateau-snapshot.json', 'application/json', JSON.stringify(await lab.snapshot('A'))),
              close,
            )}
          />
        </ul>
      )}
    </Popover>
  )
}

function Item({ title, text, onClick }: { readonly title: string; readonly text: string; readonly onClick: () => void }) {
  return (
    <li>
      <button type="button" className="menu-item" onClick={onClick}>
        <b>{title}</b>
        <span>{text}</span>
      </button>
    </li>
  )
}
