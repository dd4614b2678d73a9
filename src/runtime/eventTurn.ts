// How does a busy loop let waiting messages in?
//
// By a message to itself: timers of 0 ms are stretched to 4 ms after a few, which would cost a tenth of the training time.

/** Resolves after all messages that wait at this moment were delivered. */
export function eventTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

/** Resolves after about this many milliseconds; 0 is one turn of the event loop. */
export function waitFor(duration: number): Promise<void> {
  return duration <= 0 ? eventTurn() : new Promise((resolve) => setTimeout(resolve, duration))
}
