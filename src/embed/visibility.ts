// Can anybody see this figure? An intersection observer knows, also inside a frame of another page where `document.hidden` does not.
export interface Visibility {
  readonly stop: () => void
}

/** Calls back with every change, the first answer included. */
export function watchVisibility(element: Element, onChange: (visible: boolean) => void): Visibility {
  if (typeof IntersectionObserver === 'undefined') {
    onChange(true)
    return { stop: () => undefined }
  }
  let last: boolean | null = null
  const tell = (visible: boolean) => {
    if (visible === last) return
    last = visible
    onChange(visible)
  }
  // A sliver at the edge is not being looked at.
  const observer = new IntersectionObserver(([entry]) => tell(entry.isIntersecting && entry.intersectionRatio >= 0.15), {
    threshold: [0, 0.15],
  })
  observer.observe(element)
  return { stop: () => observer.disconnect() }
}
