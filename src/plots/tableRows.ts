// Which rows of a long series go into a table that a person reads? Evenly spread ones, the first and the last among them.

/** Most rows of a data view. */
export const TABLE_ROWS = 400

/** Positions 0 .. count-1, all or TABLE_ROWS of them evenly spread. */
export function evenRows(count: number, limit = TABLE_ROWS): readonly number[] {
  if (count <= limit) return Array.from({ length: count }, (_, row) => row)
  return Array.from({ length: limit }, (_, k) => Math.round((k * (count - 1)) / (limit - 1)))
}
