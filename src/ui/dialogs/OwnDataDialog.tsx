// What does somebody see of files of their own before anything changes? Samples, shape, classes and digest, then Accept or Cancel.
//
// The dialog follows the store of own files: it opens with the first byte that is read and closes with whatever ends it.
import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { OwnFileDialog } from '../../store/ownFileStore.ts'
import { fileInWords } from '../../store/ownFileChoice.ts'
import { useLab } from '../lab.tsx'
import { Dialog } from './Dialog.tsx'
import { chooseOwnData, listenForDrops } from './ownDataChooser.ts'
import { OwnDataPreview } from './OwnDataPreview.tsx'

const TITLES: Readonly<Record<OwnFileDialog['type'], string>> = {
  closed: 'Your own data',
  reading: 'Reading your data …',
  preview: 'Your own data',
  refused: 'This file cannot be used',
}

/** Preview of chosen or dropped files, and the veil while some are dragged over the page. */
export function OwnDataDialog() {
  const { ownFiles } = useLab()
  const dialog = useStore(ownFiles.store, (state) => state.dialog)
  const element = useRef<HTMLDialogElement>(null)
  const [isOver, setIsOver] = useState(false)
  useEffect(() => listenForDrops(ownFiles, setIsOver), [ownFiles])
  useEffect(() => {
    const shown = element.current
    if (shown === null) return
    if (dialog.type === 'closed') shown.close()
    else if (!shown.open) shown.showModal()
  }, [dialog.type])
  return (
    <>
      {isOver && (
        <div className="drop-veil" role="status">
          <p>
            Drop to look at it
            <span>Nothing leaves this machine.</span>
          </p>
        </div>
      )}
      <Dialog
        ref={element}
        title={TITLES[dialog.type]}
        size="wide"
        onClose={() => {
          // Escape and the cross close the element; the store must know.
          if (ownFiles.store.getState().dialog.type !== 'closed') ownFiles.cancel()
        }}
      >
        <Body dialog={dialog} />
      </Dialog>
    </>
  )
}

function Body({ dialog }: { readonly dialog: OwnFileDialog }) {
  const { ownFiles } = useLab()
  switch (dialog.type) {
    case 'closed':
      return null
    case 'reading':
      return (
        <>
          <p role="status">Reading {namesInWords(dialog.names)} in the background; nothing is uploaded.</p>
          <div className="own-data-actions">
            <button type="button" className="button" onClick={ownFiles.cancel}>
              Cancel
            </button>
          </div>
        </>
      )
    case 'refused':
      return (
        <>
          <p role="alert">{dialog.why}</p>
          <p className="muted small">
            Nothing has changed. Read are IDX (MNIST and relatives, packed or not), CIFAR binary batches, npy and CSV.
          </p>
          <div className="own-data-actions">
            <button type="button" className="button" onClick={ownFiles.cancel}>
              Close
            </button>
            <button type="button" className="button primary" onClick={() => chooseOwnData(ownFiles)}>
              Choose another …
            </button>
          </div>
        </>
      )
    case 'preview':
      return (
        <>
          {dialog.instead !== null && (
            <p className="own-data-other" role="alert">
              The run waits for {fileInWords(dialog.instead)}, and this is another file. Accept starts a new experiment with it.
            </p>
          )}
          <OwnDataPreview preview={dialog.preview} />
          <div className="own-data-actions">
            <p className="muted small grow">
              The data stay in this tab: nothing is uploaded. A link to the run names the file and its digest only.
            </p>
            <button type="button" className="button" onClick={ownFiles.cancel}>
              Cancel
            </button>
            <button type="button" className="button primary" onClick={ownFiles.accept}>
              Accept
            </button>
          </div>
        </>
      )
    default:
      return dialog satisfies never
  }
}

function namesInWords(names: readonly string[]): string {
  return names.length <= 2 ? names.join(' and ') : `${names[0]} and ${names.length - 1} more`
}
