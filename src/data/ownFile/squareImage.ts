// When is a row of numbers a picture? When it holds a square number of whole grey values, as tables of digits do.

/** From 8 x 8 on, the smallest pictures that people keep in tables. */
const SMALLEST_SIDE = 8

/**
 * Side and largest grey value of the pictures that the rows hold; null when they are measurements.
 *
 * @param values [rows, width] row-major.
 */
export function squareImageSide(values: ArrayLike<number>, width: number): { readonly side: number; readonly unit: number } | null {
  const side = Math.round(Math.sqrt(width))
  if (side < SMALLEST_SIDE || side * side !== width) return null
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!(value >= 0 && value <= 255 && Number.isInteger(value))) return null
    if (value > largest) largest = value
  }
  // Zeros and ones are marks in a questionnaire as often as ink.
  return largest > 1 ? { side, unit: largest > 16 ? 255 : largest } : null
}
