// A small panel under its button: the native popover, placed by hand because not every browser anchors yet.
import { useId, useRef, type ReactNode } from 'react'

interface PopoverProps {
  /** Content of the button. */
  readonly button: ReactNode
  readonly buttonClass: string
  /** Needed where the button shows only an icon. */
  readonly name?: string
  readonly align?: 'start' | 'end'
  readonly tone?: string
  readonly className?: string
  readonly children: (close: () => void) => ReactNode
}

const MARGIN = 8

/** A button and what it opens; children are called with the way to close it. */
export function Popover({ button, buttonClass, name, align = 'start', tone, className = '', children }: PopoverProps) {
  const id = useId()
  const panel = useRef<HTMLDivElement>(null)
  const trigger = useRef<HTMLButtonElement>(null)
  const place = () => {
    const box = trigger.current?.getBoundingClientRect()
    const element = panel.current
    if (box === undefined || element === null) return
    const wanted = align === 'start' ? box.left : box.right - element.offsetWidth
    const left = Math.min(Math.max(MARGIN, wanted), document.documentElement.clientWidth - element.offsetWidth - MARGIN)
    const below = box.bottom + 6
    const fits = below + element.offsetHeight + MARGIN <= document.documentElement.clientHeight || box.top < element.offsetHeight
    element.style.left = `${left}px`
    element.style.top = `${fits ? below : Math.max(MARGIN, box.top - 6 - element.offsetHeight)}px`
  }
  return (
    <>
      <button ref={trigger} type="button" className={buttonClass} data-tone={tone} popoverTarget={id} aria-label={name} title={name}>
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={`popover ${className}`}
        onToggle={(event) => {
          if (event.newState === 'open') place()
        }}
      >
        {children(() => panel.current?.hidePopover())}
      </div>
    </>
  )
}
