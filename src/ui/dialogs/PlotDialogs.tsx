// How is one plot seen larger, or as numbers? Two dialogs that follow the state, so that a card only asks for them.
import { Download } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useLab, useLabState } from '../lab.tsx'
import { panelOf } from '../stage/panels.ts'
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
  const picture = useRef<(() => string) | null>(null)
  const panel = name === null ? null : panelOf(name)
  return (
    <Dialog
      ref={ref}
      size="full"
      title={panel?.title ?? ''}
      onClose={() => view.setFullPanel(null)}
      tools={
        <button type="button" className="button" onClick={() => downloadText(`plateau-${name ?? 'plot'}.svg`, 'image/svg+xml', picture.current?.() ?? '')}>
          <Download /> SVG
        </button>
      }
    >
      {panel !== null && <PlotHost key={panel.name} panel={panel} variant="main" picture={picture} />}
    </Dialog>
  )
}

function TableDialog() {
  const { view, store } = useLab()
  const name = useLabState((state) => state.tablePanel)
  const ref = useOpenWhile(name !== null)
  const panel = name === null ? null : panelOf(name)
  // A table under the eyes stands still: it is read once, when it opens.
  const table = panel?.table(store.getState())
  return (
    <Dialog
      ref={ref}
      size="wide"
      title={panel === null ? '' : `${panel.title} as a table`}
      onClose={() => view.setTablePanel(null)}
      tools={
        table !== undefined && (
          <button type="button" className="button" onClick={() => downloadText(`plateau-${name ?? 'plot'}.csv`, 'text/csv', csvOf(table))}>
            <Download /> CSV
          </button>
        )
      }
    >
      {panel !== null && <p className="small muted">{panel.words(store.getState()).summary}</p>}
      {table !== undefined && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Values">
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
              {table.rows.slice(0, ROW_LIMIT).map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={table.columns[column]}>{cell === null ? '–' : typeof cell === 'number' ? Number(cell.toPrecision(6)) : cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Dialog>
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

function csvOf(table: { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | number | null)[])[] }): string {
  const cell = (value: string | number | null) => {
    if (value === null) return ''
    const text = String(value)
    // A spreadsheet must not read a name as a formula.
    const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return [table.columns, ...table.rows].map((row) => row.map(cell).join(',')).join('\n')
}
