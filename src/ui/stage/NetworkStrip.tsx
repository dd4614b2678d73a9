// Where in the network is the gradient? One bar per layer; the plot module draws it when it is there.
import { useLabState } from '../lab.tsx'

/** Placeholder-free: draws nothing before the first measurement. */
export function NetworkStrip() {
  useLabState((state) => state.revision)
  return <div className="strip-host" />
}
