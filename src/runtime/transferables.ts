// Which buffers may move to the page instead of being copied?
//
// Samples are made of fresh arrays that nobody keeps, so all of them move. Never used for checkpoints, whose arrays may
// still belong to a trainer.

/** Every distinct buffer inside a plain message. */
export function transferablesOf(message: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  collect(message, found)
  return [...found]
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (typeof value !== 'object' || value === null) return
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.buffer.byteLength > 0) found.add(value.buffer)
    return
  }
  for (const part of Object.values(value)) collect(part, found)
}

/** Bytes of all typed arrays inside plain data. */
export function bytesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (ArrayBuffer.isView(value)) return value.byteLength
  let bytes = 0
  for (const part of Object.values(value)) bytes += bytesOf(part)
  return bytes
}
