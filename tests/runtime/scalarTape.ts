// How does one number depend on many others? Every operation is written down and read backwards: reverse mode on single numbers.
//
// Slow and obvious on purpose, and without a word of the engines: a node knows its value, at most two parents and the
// two slopes towards them.

/** A number on the tape. */
export type Id = number

export class ScalarTape {
  private count = 0
  private values = new Float64Array(1 << 12)
  private slopes = new Float64Array(1 << 13)
  private parents = new Int32Array(1 << 13)

  /** Forgets everything. */
  clear(): void {
    this.count = 0
  }

  constant(value: number): Id {
    return this.node(value, -1, 0, -1, 0)
  }

  valueOf(id: Id): number {
    return this.values[id]
  }

  add(a: Id, b: Id): Id {
    return this.node(this.values[a] + this.values[b], a, 1, b, 1)
  }

  multiply(a: Id, b: Id): Id {
    return this.node(this.values[a] * this.values[b], a, this.values[b], b, this.values[a])
  }

  scale(a: Id, factor: number): Id {
    return this.node(this.values[a] * factor, a, factor, -1, 0)
  }

  /** f(a) with the slope that is given. */
  apply(a: Id, value: number, slope: number): Id {
    return this.node(value, a, slope, -1, 0)
  }

  sum(terms: readonly Id[]): Id {
    if (terms.length === 0) return this.constant(0)
    return terms.reduce((total, term) => this.add(total, term))
  }

  mean(terms: readonly Id[]): Id {
    return this.scale(this.sum(terms), 1 / terms.length)
  }

  /** Derivatives of one number with respect to these. */
  gradient(of: Id, by: readonly Id[]): number[] {
    const adjoint = new Float64Array(of + 1)
    adjoint[of] = 1
    for (let id = of; id >= 0; id--) {
      const arriving = adjoint[id]
      if (arriving === 0) continue
      for (const side of [0, 1]) {
        const parent = this.parents[2 * id + side]
        if (parent >= 0) adjoint[parent] += arriving * this.slopes[2 * id + side]
      }
    }
    return by.map((id) => (id <= of ? adjoint[id] : 0))
  }

  private node(value: number, a: Id, slopeA: number, b: Id, slopeB: number): Id {
    const id = this.count++
    if (id === this.values.length) this.grow()
    this.values[id] = value
    this.parents[2 * id] = a
    this.parents[2 * id + 1] = b
    this.slopes[2 * id] = slopeA
    this.slopes[2 * id + 1] = slopeB
    return id
  }

  private grow(): void {
    const longer = <Values extends Float64Array | Int32Array>(old: Values, empty: Values): Values => {
      empty.set(old)
      return empty
    }
    this.values = longer(this.values, new Float64Array(2 * this.values.length))
    this.slopes = longer(this.slopes, new Float64Array(2 * this.slopes.length))
    this.parents = longer(this.parents, new Int32Array(2 * this.parents.length))
  }
}
