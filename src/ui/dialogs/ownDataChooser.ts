// How does somebody choose files of their own? With the browser's own dialog, or by dropping them anywhere on the page.
//
// Nothing is sent anywhere: files go to a Worker of this tab. Any type may be chosen, because names say nothing here.
import type { OwnFiles } from '../../store/ownFileStore.ts'

/** Kept while its dialog is open: browsers drop an element that nobody holds, and its answer with it. */
let input: HTMLInputElement | null = null

/** Opens the file dialog; must be called while the browser still counts a click. What is chosen opens the preview. */
export function chooseOwnData(ownFiles: OwnFiles): void {
  const field = document.createElement('input')
  field.type = 'file'
  field.multiple = true
  field.addEventListener('change', () => {
    input = null
    void ownFiles.choose(heldFiles(field.files))
  })
  field.addEventListener('cancel', () => {
    input = null
  })
  input = field
  input.click()
}

/** Files as the store takes them. */
export function heldFiles(files: FileList | null): Parameters<OwnFiles['choose']>[0] {
  return Array.from(files ?? [], (file) => ({ name: file.name, content: file }))
}

/**
 * Lets files fall anywhere on the page; `over` hears when some hang above it.
 *
 * @returns the way to stop.
 */
export function listenForDrops(ownFiles: OwnFiles, over: (isOver: boolean) => void, view: Window = window): () => void {
  const stop = new AbortController()
  const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', listener: (event: DragEvent) => void) =>
    view.addEventListener(type, listener, { signal: stop.signal })
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false
  for (const type of ['dragenter', 'dragover'] as const) {
    on(type, (event) => {
      if (!hasFiles(event)) return
      // Without this the browser would leave the page and show the file.
      event.preventDefault()
      over(true)
    })
  }
  on('dragleave', (event) => {
    // Leaving one element for another is no leaving of the page.
    if (event.relatedTarget === null) over(false)
  })
  on('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    over(false)
    void ownFiles.choose(heldFiles(event.dataTransfer?.files ?? null))
  })
  return () => stop.abort()
}
