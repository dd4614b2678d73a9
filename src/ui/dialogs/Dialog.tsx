// One frame for every dialog: the native element, a title, a way out by button, Escape and a click beside it.
import { X } from 'lucide-react'
import { useId, useRef, type ReactNode, type Ref } from 'react'

interface DialogProps {
  readonly title: string
  readonly size?: 'normal' | 'wide' | 'full'
  readonly ref: Ref<HTMLDialogElement>
  readonly children: ReactNode
  readonly tools?: ReactNode
  readonly onClose?: () => void
}

/** A modal dialog; open it with `showModal` on the ref. */
export function Dialog({ title, size = 'normal', ref, children, tools, onClose }: DialogProps) {
  const id = useId()
  const pressedOutside = useRef(false)
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-size={size}
      aria-labelledby={id}
      onClose={onClose}
      onPointerDown={(event) => {
        pressedOutside.current = event.target === event.currentTarget
      }}
      onPointerUp={(event) => {
        // Both ends of the click must lie outside: a selection that ends there is no wish to close.
        if (pressedOutside.current && event.target === event.currentTarget) event.currentTarget.close()
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <span className="grow" />
        {tools}
        <form method="dialog">
          <button type="submit" className="icon-button quiet" aria-label="Close">
            <X />
          </button>
        </form>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}
