// A chain's gradient and Hessian by products over the others, one loop per entry.

/** Half mean squared error of x prod w against y. */
export interface Points {
  readonly x: readonly number[]
  readonly y: readonly number[]
}

export function productWithout(w: ArrayLike<number>, ...left: number[]): number {
  let product = 1
  for (let i = 0; i < w.length; i++) if (!left.includes(i)) product *= w[i]
  return product
}

export function chainGradient(w: ArrayLike<number>, k: number, { x, y }: Points): number {
  const product = productWithout(w)
  const others = productWithout(w, k)
  return x.reduce((sum, xi, i) => sum + xi * others * (xi * product - y[i]), 0) / x.length
}

export function chainHessian(w: ArrayLike<number>, k: number, l: number, { x, y }: Points): number {
  const product = productWithout(w)
  if (k === l) return x.reduce((sum, xi) => sum + (xi * productWithout(w, k)) ** 2, 0) / x.length
  const others = productWithout(w, k, l)
  return x.reduce((sum, xi, i) => sum + xi * others * (2 * xi * product - y[i]), 0) / x.length
}

/** [L, L] row-major. */
export function chainHessianMatrix(w: ArrayLike<number>, points: Points): Float64Array {
  const depth = w.length
  return Float64Array.from({ length: depth * depth }, (_, i) => chainHessian(w, Math.floor(i / depth), i % depth, points))
}
