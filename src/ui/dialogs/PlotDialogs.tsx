// How is one plot seen larger, or as numbers? Two dialogs that follow the state, so that a card only asks for them.
import { Download } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { DataTable } from '../../plots/plotKind.ts'
import { csvText } from '../../share/csv.ts'
import { useLab, useLabState } from '../lab.tsx'
import { shortNumber } from '../numberText.ts'
import type { PanelCode } from '../stage/panel.ts'
import { panelOf } from '../stage/panels.ts'
import { PanelViews } from '../stage/PanelViews.tsx'
import { PlotHost } from '../stage/PlotHost.tsx'
import { downloadText } from './download.ts'
import { Dialog } from './Dialog.tsx'

/** Full size and table of whichever panel is asked for. */
export function PlotDialogs() {
  return (
    <>
      <FullDialog />
      <TableDialog />
    </>
  )
}

function FullDialog() {
  const { view } = useLab()
  const name = useLabState((state) => state.fullPanel)
  const ref = useOpenWhile(name !== null)
  const panel = name === null ? null : panelOf(name)
  return (
    <Dialog
      ref={ref}
      size="full"
      title={panel?.title ?? ''}
      onClose={() => view.setFullPanel(null)}
      tools={panel !== null && <PanelViews panel={panel} />}
    >
      {panel !== null && <PlotHost key={panel.name} panel={panel} variant="main" />}
    </Dialog>
  )
}

function TableDialog() {
  const { view, store } = useLab()
  const name = useLabState((state) => state.tablePanel)
  const ref = useOpenWhile(name !== null)
  const [content, setContent] = useState<TableContent | null>(null)
  useEffect(() => {
    if (name === null) return undefined
    let gone = false
    // A table under the eyes stands still: it is read once, when it opens.
    const show = (code: PanelCode) => {
      const state = store.getState()
      if (!gone) setContent({ table: code.table(state), summary: code.words(state).summary })
    }
    panelOf(name)
      .load()
      .then(show, () => view.toast('error', 'The table could not be loaded. Reload the page.'))
    return () => {
      gone = true
      setContent(null)
    }
  }, [name, store, view])
  return (
    <Dialog
      ref={ref}
      size="wide"
      title={name === null ? '' : `${panelOf(name).title} as a table`}
      onClose={() => view.setTablePanel(null)}
      tools={
        content !== null && (
          <button
            type="button"
            className="button"
            onClick={() => downloadText(`plateau-${name ?? 'plot'}.csv`, 'text/csv', csvText(content.table.columns, content.table.rows))}
          >
            <Download /> CSV
          </button>
        )
      }
    >
      {content !== null && <p className="small muted">{content.summary}</p>}
      {content !== null && <ValueTable table={content.table} />}
    </Dialog>
  )
}

interface TableContent {
  readonly table: DataTable
  readonly summary: string
}

function ValueTable({ table }: { readonly table: DataTable }) {
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="table-scroll" tabIndex={0} aria-label="Values">
      <table className="data-table">
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, ROW_LIMIT).map((row) => (
            <tr key={row.slice(0, 3).join(' ')}>
              {row.map((cell, column) => (
                <td key={table.columns[column]}>{cell === null ? '–' : typeof cell === 'number' ? shortNumber(cell, 6) : cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const ROW_LIMIT = 400

function useOpenWhile(open: boolean) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open && ref.current?.open === false) ref.current.showModal()
    if (!open) ref.current?.close()
  }, [open])
  return ref
}
