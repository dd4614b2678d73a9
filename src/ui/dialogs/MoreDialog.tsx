// Everything that an experiment can say and the column has no room for: one section for each question.
import type { Ref } from 'react'
import { Dialog } from './Dialog.tsx'
import { DataSection } from './more/DataSection.tsx'
import { InstrumentsSection } from './more/InstrumentsSection.tsx'
import { NetworkSection } from './more/NetworkSection.tsx'
import { TrainingSection } from './more/TrainingSection.tsx'

/** The dialog behind "More settings". */
export function MoreDialog({ ref }: { readonly ref: Ref<HTMLDialogElement> }) {
  return (
    <Dialog ref={ref} title="More settings" size="wide">
      <NetworkSection />
      <DataSection />
      <TrainingSection />
      <InstrumentsSection />
    </Dialog>
  )
}
