// Everything that an experiment can say and the column has no room for: one section for each question.
import { useEffect, useRef } from 'react'
import { Dialog } from './Dialog.tsx'
import { DataSection } from './more/DataSection.tsx'
import { InstrumentsSection } from './more/InstrumentsSection.tsx'
import { NetworkSection } from './more/NetworkSection.tsx'
import { TrainingSection } from './more/TrainingSection.tsx'

/** The dialog behind "More settings"; open as soon as it is there. */
export function MoreDialog({ onClose }: { readonly onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const shown = element.current
    if (shown !== null && !shown.open) shown.showModal()
  }, [])
  return (
    <Dialog ref={element} title="More settings" size="wide" onClose={onClose}>
      <NetworkSection />
      <DataSection />
      <TrainingSection />
      <InstrumentsSection />
    </Dialog>
  )
}
