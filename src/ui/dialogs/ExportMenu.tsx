// What can be taken away, and brought back? Pictures, numbers, the run, and a snapshot that other software can check.
import { Download } from 'lucide-react'
import { useRef } from 'react'
import type { Lab } from '../lab.tsx'
import { useLab } from '../lab.tsx'
import type * as exportFiles from './exportFiles.ts'
import { Popover } from './Popover.tsx'

type ExportFiles = typeof exportFiles

const ENTRIES: readonly {
  readonly title: string
  readonly text: string
  readonly save: (files: ExportFiles, lab: Lab) => void | Promise<void>
}[] = [
  { title: 'Picture, PNG', text: 'The main plot at twice the size', save: (files, lab) => files.savePng(lab) },
  { title: 'Picture, SVG', text: 'The main plot as vectors', save: (files, lab) => files.saveSvg(lab) },
  { title: 'Numbers, CSV', text: 'One tidy table: run, arm, seed, step, series, value', save: (files, lab) => files.saveTidyCsv(lab) },
  { title: 'Run, JSON', text: 'Experiment and everything measured; opens again here', save: (files, lab) => files.saveRunFile(lab) },
  {
    title: 'Snapshot, JSON',
    text: 'Weights, data and exact values now, for other software',
    save: (files, lab) => files.saveSnapshot(lab),
  },
]

/** The menu behind "Export". */
export function ExportMenu() {
  const lab = useLab()
  const file = useRef<HTMLInputElement>(null)
  const run = async (action: () => Promise<void>, what: string) => {
    try {
      await action()
    } catch (error) {
      lab.view.toast('error', `${what} did not work: ${error instanceof Error ? error.message : 'unknown reason'}.`)
    }
  }
  const open = async (chosen: File) => {
    const { openRunFile } = await import('../../share/runFile.ts')
    const opened = openRunFile(await chosen.text())
    if (opened.ok) lab.view.open(opened.run)
    else lab.view.toast('error', opened.why)
  }
  return (
    <>
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
            {ENTRIES.map(({ title, text, save }) => (
              <Entry
                key={title}
                title={title}
                text={text}
                onClick={() => {
                  close()
                  void run(async () => save(await import('./exportFiles.ts'), lab), title)
                }}
              />
            ))}
            <li className="menu-rule" />
            <Entry
              title="Open a run …"
              text="A run file, an experiment or a snapshot"
              onClick={() => {
                close()
                file.current?.click()
              }}
            />
          </ul>
        )}
      </Popover>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Open a run"
        onChange={(event) => {
          const [chosen] = event.target.files ?? []
          event.target.value = ''
          if (chosen !== undefined) void run(() => open(chosen), 'Opening the file')
        }}
      />
    </>
  )
}

function Entry({ title, text, onClick }: { readonly title: string; readonly text: string; readonly onClick: () => void }) {
  return (
    <li>
      <button type="button" className="menu-item" onClick={onClick}>
        <b>{title}</b>
        <span>{text}</span>
      </button>
    </li>
  )
}
