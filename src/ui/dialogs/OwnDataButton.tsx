// How does one come to data of one's own? A button that opens the file dialog; it may stand anywhere.
import { FolderOpen } from 'lucide-react'
import { useLab } from '../lab.tsx'
import { chooseOwnData } from './ownDataChooser.ts'

/** Opens the file dialog; the preview follows by itself. */
export function OwnDataButton({ label = 'Your own data …' }: { readonly label?: string }) {
  const { ownFiles } = useLab()
  return (
    <button
      type="button"
      className="button own-data-button"
      title="IDX (MNIST), CIFAR binary, npy or CSV; stays on this machine"
      onClick={() => chooseOwnData(ownFiles)}
    >
      <FolderOpen aria-hidden="true" /> {label}
    </button>
  )
}
