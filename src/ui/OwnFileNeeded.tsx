// What stands over the plot when a run waits for a file of somebody's own? Which file, and the way to choose it; all settings stay.
import { FileQuestion } from 'lucide-react'
import { useStore } from 'zustand'
import { fileInWords } from '../core/ownFileChoice.ts'
import { OwnDataButton } from './dialogs/OwnDataButton.tsx'
import { useLab, useLabState } from './lab.tsx'

/** True while the experiment names a file that is not here. */
export function useOwnFileMissing(): boolean {
  const { ownFiles } = useLab()
  const experiment = useLabState((state) => state.experiment)
  useStore(ownFiles.store, (state) => state.held)
  return ownFiles.missingFor(experiment) !== null
}

/** Nothing while the file is here. */
export function OwnFileNeeded() {
  const { run } = useLab()
  const file = useLabState((state) => state.experiment.data.file)
  const isMissing = useOwnFileMissing()
  if (!isMissing || file === null) return null
  return (
    <div className="fault" role="alert">
      <h3>
        <FileQuestion width={18} height={18} aria-hidden="true" /> This run needs a file of its owner
      </h3>
      <p>Choose {fileInWords(file)}, or drop it on the page. It is read here and never uploaded.</p>
      <p className="muted">All settings are kept; the run starts when the file is there.</p>
      <div className="actions">
        <OwnDataButton label="Choose the file …" />
        <button type="button" className="button" onClick={() => run.setFields({ 'data.kind': 'fashionMnist', 'data.file': null })}>
          Use Fashion-MNIST instead
        </button>
      </div>
    </div>
  )
}
