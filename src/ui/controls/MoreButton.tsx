// How does one reach the settings that the column has no room for? A button; the dialog's code comes with its first opening.
//
// The dialog is in the page only while it is open: its tables follow every measurement, and nobody sees them else.
import { SlidersHorizontal } from 'lucide-react'
import { useState, type ComponentType } from 'react'
import { useLab } from '../lab.tsx'

/** Opens "More settings". */
export function MoreButton() {
  const { view } = useLab()
  const [isOpen, setIsOpen] = useState(false)
  const [Dialog, setDialog] = useState<ComponentType<{ readonly onClose: () => void }> | null>(null)
  const open = async () => {
    setIsOpen(true)
    if (Dialog !== null) return
    try {
      const { MoreDialog } = await import('../dialogs/MoreDialog.tsx')
      setDialog(() => MoreDialog)
    } catch {
      setIsOpen(false)
      view.toast('error', 'The settings could not be loaded. Reload the page.')
    }
  }
  return (
    <>
      <button type="button" className="button wide" onClick={() => void open()}>
        <SlidersHorizontal /> More settings
      </button>
      {isOpen && Dialog !== null && <Dialog onClose={() => setIsOpen(false)} />}
    </>
  )
}
