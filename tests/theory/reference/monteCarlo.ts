// How does one compare a closed form with draws? By its own standard error, four of them, at a printed seed.
import { expect } from 'vitest'

/** Mean and standard error of `draws` independent values. */
export function meanOf(draws: number, draw: () => number): { readonly mean: number; readonly error: number } {
  let mean = 0
  let squares = 0
  for (let i = 1; i <= draws; i++) {
    const value = draw()
    const step = value - mean
    mean += step / i
    squares += step * (value - mean)
  }
  return { mean, error: Math.sqrt(squares / (draws - 1) / draws) }
}

/** Fails unless the mean of the draws lies within four standard errors of the closed form. */
export function expectMean(expected: number, draws: number, draw: () => number): void {
  const { mean, error } = meanOf(draws, draw)
  expect(error).toBeGreaterThan(0)
  expect(Math.abs(mean - expected) / error, `drawn ${mean} +- ${error}, predicted ${expected}`).toBeLessThan(4)
}

/** As `expectMean`, for several quantities of one draw. */
export function expectMeans(expected: readonly number[], draws: number, draw: () => ArrayLike<number>): void {
  const means = new Float64Array(expected.length)
  const squares = new Float64Array(expected.length)
  for (let i = 1; i <= draws; i++) {
    const values = draw()
    for (let k = 0; k < expected.length; k++) {
      const step = values[k] - means[k]
      means[k] += step / i
      squares[k] += step * (values[k] - means[k])
    }
  }
  expected.forEach((value, k) => {
    const error = Math.sqrt(squares[k] / (draws - 1) / draws)
    expect(error).toBeGreaterThan(0)
    expect(Math.abs(means[k] - value) / error, `quantity ${k}: drawn ${means[k]} +- ${error}, predicted ${value}`).toBeLessThan(4)
  })
}

/** Fails unless the share of draws that are true lies within four binomial errors of the probability. */
export function expectShare(probability: number, draws: number, draw: () => boolean): void {
  let count = 0
  for (let i = 0; i < draws; i++) if (draw()) count++
  const error = Math.sqrt((probability * (1 - probability)) / draws)
  expect(Math.abs(count / draws - probability) / error, `drawn ${count / draws}, predicted ${probability}`).toBeLessThan(4)
}
