// What is the page? The shell: six regions, in the order in which they are read.
import { useEffect, useRef, useState } from 'react'
import { Controls } from './controls/Controls.tsx'
import { EmbedControls } from './controls/EmbedControls.tsx'
import { HelpDialog } from './dialogs/HelpDialog.tsx'
import { OwnDataDialog } from './dialogs/OwnDataDialog.tsx'
import { PlotDialogs } from './dialogs/PlotDialogs.tsx'
import { listenToKeys } from './keyboard.ts'
import { LabContext, useLabState, type Lab } from './lab.tsx'
import { LiveRegion } from './LiveRegion.tsx'
import { Notices } from './Notices.tsx'
import { QuestionStrip } from './QuestionStrip.tsx'
import { Stage } from './stage/Stage.tsx'
import { TheoryCard } from './theory/TheoryCard.tsx'
import { TopBar } from './TopBar.tsx'
import { Transport } from './Transport.tsx'

/** The page or the embed, as the view options say. */
export function App({ lab }: { readonly lab: Lab }) {
  return (
    <LabContext value={lab}>
      <Shell lab={lab} />
    </LabContext>
  )
}

function Shell({ lab }: { readonly lab: Lab }) {
  const embed = useLabState((state) => state.view.embed)
  const phase = useLabState((state) => state.run.phase)
  const help = useRef<HTMLDialogElement>(null)
  const [theoryOpen, setTheoryOpen] = useState(false)
  useEffect(() => listenToKeys(lab, () => help.current?.showModal()), [lab])
  return (
    <div className="lab" data-embed={embed} data-phase={phase}>
      <div className="lab-grid">
        {!embed && <TopBar onHelp={() => help.current?.showModal()} theoryOpen={theoryOpen} onTheory={() => setTheoryOpen(!theoryOpen)} />}
        <QuestionStrip />
        {embed ? <EmbedControls /> : <Controls />}
        <Stage />
        {!embed && <TheoryCard open={theoryOpen} />}
        <Transport />
      </div>
      <Notices />
      <PlotDialogs />
      <OwnDataDialog />
      <HelpDialog ref={help} />
      <LiveRegion />
    </div>
  )
}
