// Which width does a budget of weights leave at each depth? A small curve under the budget, with a dot for each run.
import { useLab, useLabState } from '../lab.tsx'
import { liveWidths } from './liveWidths.ts'

const [WIDTH, HEIGHT, EDGE] = [240, 64, 6]

/** Nothing before the closed forms are there, nor for a network of one layer. */
export function BudgetCurve() {
  const { store } = useLab()
  const curve = useLabState((state) => state.theory.find(({ id }) => id === 'budget.widthByDepth'))
  useLabState((state) => state.experiment)
  if (curve === undefined) return null
  const dots = liveWidths(store.getState().experiment)
  const xs = [...curve.x, ...dots.map(({ depth }) => depth)].map(Math.log)
  const ys = [...curve.y, ...dots.map(({ width }) => width)].map(Math.log)
  const scale = (values: readonly number[], from: number, to: number) => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return (value: number) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from)
  }
  const x = scale(xs, EDGE, WIDTH - EDGE)
  const y = scale(ys, HEIGHT - 18, EDGE)
  const points = Array.from(curve.x, (depth, k) => `${x(depth).toFixed(1)},${y(curve.y[k]).toFixed(1)}`).join(' ')
  const [first, last] = [curve.x[0], curve.x[curve.x.length - 1]]
  const said = `Width by depth at this budget: ${Math.round(curve.y[0])} at ${first} layers, ${Math.round(curve.y[curve.y.length - 1])} at ${last}.`
  const own = dots.map(({ arm, depth, width }) => {
    const at = curve.x.indexOf(depth)
    return `${arm}: ${width} at ${depth}${at < 0 ? '' : `, ${curve.y[at].toFixed(1)} without biases`}.`
  })
  return (
    <svg className="budget-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={[said, ...own].join(' ')}>
      <polyline points={points} />
      {dots.map(({ arm, depth, width }) => (
        <circle key={arm} className={arm === 'A' ? 'arm-a' : 'arm-b'} cx={x(depth)} cy={y(width)} r={4} />
      ))}
      <text x={EDGE} y={HEIGHT - 3}>
        depth {first}
      </text>
      <text x={WIDTH - EDGE} y={HEIGHT - 3} textAnchor="end">
        {last}
      </text>
      <text x={WIDTH / 2} y={HEIGHT - 3} textAnchor="middle">
        width by depth
      </text>
    </svg>
  )
}
