// Which random numbers does each part of a run draw?
//
// One generator per (seed, name), so that asking for one more diagnostic never moves the weights.
// The state words come from a hash of seed and name: with small raw seeds the generator starts near 1.0.
// Only exactly rounded operations are used (no Math.log, no Math.cos): the same bits in every browser.
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { DomainFault, ShapeFault } from '../core/faults.ts'
import type { RandomStream } from '../core/random.ts'

const SKIPPED_OUTPUTS = 32
const TWO_53 = 2 ** 53
const STATE_LENGTH = 6

/**
 * The stream of this name in the run with this seed; equal arguments give equal numbers everywhere.
 *
 * @param seed any finite number; the experiment's seed plus, by the caller's choice, the seed index.
 * @param name such as 'weights' or 'batches/A'.
 * @throws {DomainFault} when seed is not finite.
 */
export function namedStream(seed: number, name: string): RandomStream {
  if (!Number.isFinite(seed)) throw new DomainFault(`namedStream: seed is not finite, got ${seed}, expected a finite number`)
  const words = hashedWords(`${seed}:${name}`)
  const generator = xoroshiro128plusFromState(words)
  for (let i = 0; i < SKIPPED_OUTPUTS; i++) generator.next()
  return new XoroshiroStream(generator, NaN)
}

/**
 * The stream that goes on exactly where `state()` was taken.
 *
 * @throws {ShapeFault} when the state was not made by `state()`.
 */
export function restoreStream(state: readonly number[]): RandomStream {
  if (state.length !== STATE_LENGTH) {
    throw new ShapeFault(`restoreStream: state holds ${state.length} numbers, expected ${STATE_LENGTH}`)
  }
  return new XoroshiroStream(xoroshiro128plusFromState(state.slice(0, 4)), state[4] === 1 ? state[5] : NaN)
}

class XoroshiroStream implements RandomStream {
  private readonly generator: RandomGenerator
  /** Second normal of the last polar pair, NaN when there is none. */
  private spare: number

  constructor(generator: RandomGenerator, spare: number) {
    this.generator = generator
    this.spare = spare
  }

  uniform(): number {
    return this.bits53() / TWO_53
  }

  normal(): number {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare
      this.spare = NaN
      return value
    }
    // Marsaglia's polar method: needs a logarithm and a root, but no sine.
    for (;;) {
      const x = 2 * this.uniform() - 1
      const y = 2 * this.uniform() - 1
      const s = x * x + y * y
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * portableLog(s)) / s)
      this.spare = y * scale
      return x * scale
    }
  }

  integer(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32)) {
      throw new DomainFault(`integer: bound out of range, got ${bound}, expected an integer in 1 .. 2^32`)
    }
    const bucket = Math.floor(TWO_53 / bound)
    const limit = bucket * bound
    for (;;) {
      const bits = this.bits53()
      // Divides instead of taking a remainder: the low bits of this generator are its weakest.
      if (bits < limit) return Math.floor(bits / bucket)
    }
  }

  permutation(n: number): Int32Array {
    const order = new Int32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    return order
  }

  state(): readonly number[] {
    const hasSpare = !Number.isNaN(this.spare)
    return [...this.generator.getState(), hasSpare ? 1 : 0, hasSpare ? this.spare : 0]
  }

  private bits53(): number {
    const high = this.generator.next() >>> 5
    const low = this.generator.next() >>> 6
    return high * 2 ** 26 + low
  }
}

/** Four 32-bit words that each depend on every character. */
function hashedWords(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x243f6a88, 0x85a308d3 | 0, 0x13198a2e, 0x03707344]
  for (let lane = 0; lane < 4; lane++) {
    let h = words[lane]
    for (let i = 0; i < text.length; i++) h = mixed(h ^ Math.imul(text.charCodeAt(i) + 1, 0x9e3779b1))
    words[lane] = mixed(h ^ text.length)
  }
  // An all-zero state never leaves zero.
  if ((words[0] | words[1] | words[2] | words[3]) === 0) words[0] = 1
  return words
}

/** A bijective mix of 32 bits (multiply and xor-shift rounds). */
function mixed(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return h ^ (h >>> 16)
}

const wordView = new Float64Array(1)
const halfView = new Uint32Array(wordView.buffer)
const HIGH_HALF = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** Natural logarithm of a positive normal number by additions, products and one division (error below 2e-16 relative to max(1, |ln|)). */
function portableLog(value: number): number {
  wordView[0] = value
  let exponent = (halfView[HIGH_HALF] >>> 20) - 1023
  halfView[HIGH_HALF] = (halfView[HIGH_HALF] & 0xfffff) | 0x3ff00000
  let mantissa = wordView[0]
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  const t = (mantissa - 1) / (mantissa + 1)
  const t2 = t * t
  // |t| <= 0.172: eleven terms of 2 artanh(t) reach 1e-18.
  let sum = 0
  for (let k = 23; k >= 1; k -= 2) sum = sum * t2 + 1 / k
  return exponent * Math.LN2 + 2 * t * sum
}
