// How do the pieces of a large set add up? Tensor by tensor, each piece disposed as it goes in.
import { add, type Tensor3D } from '@tensorflow/tfjs-core'

/** sum + part, entry by entry; both are disposed. A null sum takes the part as it is. */
export function sumInto(sum: readonly Tensor3D[] | null, part: Tensor3D[]): Tensor3D[] {
  if (sum === null) return part
  return sum.map((old, index) => {
    const next = add<Tensor3D>(old, part[index])
    old.dispose()
    part[index].dispose()
    return next
  })
}
