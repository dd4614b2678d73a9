// What does somebody see of files of their own before anything changes? A dialog, and a veil while some are dragged over the page.
//
// The dialog follows the store of own files: it opens with the first byte that is read and closes with whatever ends it.
import { useEffect, useRef, useState, type ComponentType } from 'react'
import { useStore } from 'zustand'
import type { OwnFileDialog } from '../../store/ownFileStore.ts'
import { useLab } from '../lab.tsx'
import { Dialog } from './Dialog.tsx'
import { listenForDrops } from './ownDataChooser.ts'

const TITLES: Readonly<Record<OwnFileDialog['type'], string>> = {
  closed: 'Your own data',
  reading: 'Reading your data …',
  preview: 'Your own data',
  refused: 'This file cannot be used',
}

/** Shows what the store of own files says; takes files that are dropped anywhere. */
export function OwnDataDialog() {
  const { ownFiles, view } = useLab()
  const dialog = useStore(ownFiles.store, (state) => state.dialog)
  const element = useRef<HTMLDialogElement>(null)
  const [isOver, setIsOver] = useState(false)
  const [Body, setBody] = useState<ComponentType<{ dialog: OwnFileDialog }> | null>(null)
  useEffect(() => listenForDrops(ownFiles, setIsOver), [ownFiles])
  useEffect(() => {
    const shown = element.current
    if (shown === null) return
    if (dialog.type === 'closed') shown.close()
    else if (!shown.open) shown.showModal()
  }, [dialog.type])
  const isNeeded = dialog.type !== 'closed' && Body === null
  useEffect(() => {
    if (!isNeeded) return
    const load = async () => {
      try {
        const { OwnDataBody } = await import('./OwnDataBody.tsx')
        setBody(() => OwnDataBody)
      } catch {
        ownFiles.cancel()
        view.toast('error', 'A part of the page could not be loaded; reload it and choose the file again.')
      }
    }
    void load()
  }, [isNeeded, ownFiles, view])
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
        size={dialog.type === 'preview' ? 'wide' : 'normal'}
        onClose={() => {
          // Escape and the cross close the element; the store must know.
          if (ownFiles.store.getState().dialog.type !== 'closed') ownFiles.cancel()
        }}
      >
        {Body !== null && <Body dialog={dialog} />}
      </Dialog>
    </>
  )
}
