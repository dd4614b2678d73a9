// When may the next samples come? After a frame was drawn; a page that draws nothing (hidden, scrolled away) asks four times a second.

const FALLBACK_MS = 250

/** Calls back once, at the next frame or after a quarter of a second. */
export function afterFrame(action: () => void): void {
  let done = false
  const once = () => {
    if (done) return
    done = true
    clearTimeout(timer)
    action()
  }
  const timer = setTimeout(once, FALLBACK_MS)
  requestAnimationFrame(once)
}
