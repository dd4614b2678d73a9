// What does the dialog of own data say in each of its states? Reading, refused, or the preview with Accept and Cancel.
//
// Its code comes with the first file: the page must stand before anybody thinks of one.
import { fileInWords } from '../../core/ownFileChoice.ts'
import type { OwnFileDialog } from '../../store/ownFileStore.ts'
import { useLab } from '../lab.tsx'
import { chooseOwnData } from './ownDataChooser.ts'
import { OwnDataPreview } from './OwnDataPreview.tsx'

/** The contents of the dialog. */
export function OwnDataBody({ dialog }: { readonly dialog: OwnFileDialog }) {
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
          <p className="muted small own-data-hint">
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
