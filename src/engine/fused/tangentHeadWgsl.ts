// What does H1 do between its forward and its backward half? The derivative of the output deltas along each vector.
//
//   delta = act'(z) dL/df,  so  R delta = act'(z) share (d^2 L / df^2) RF + act''(z) RZ dL/df
//
// The softmax is written by the largest output, as in the loss: a common shift of the tangents cancels exactly.
import type { LossSettings } from '../../core/experiment.ts'
import { LOGISTIC_WGSL } from './activationFunctions.ts'
import { isCurved, type TangentShape } from './tangentLayout.ts'

// First and second derivative of the loss (or of the output) in its own output, share included.
const margin = (i: number): string => `(y${i} * f${i} * scale)`
const ELEMENTWISE: Readonly<
  Record<'squaredError' | 'logistic' | 'outputs', { first(i: number): string; readonly second: ((i: number) => string) | null }>
> = {
  squaredError: { first: (i) => `share * (f${i} * scale - y${i})`, second: () => 'share' },
  logistic: {
    first: (i) => `-share * y${i} * logistic(-${margin(i)})`,
    second: (i) => `share * y${i} * y${i} * logistic(${margin(i)}) * logistic(-${margin(i)})`,
  },
  outputs: { first: (i) => `y${i}`, second: null },
}

/** WGSL that the head of a loss calls. */
export function tangentHeadPrelude(loss: LossSettings['kind']): readonly string[] {
  return loss === 'logistic' ? [LOGISTIC_WGSL] : []
}

/** The statements of the head in their order. */
export interface TangentHead {
  /** Declares what the others use. */
  readonly opening: string
  /** Shows the outputs of a row to whoever has its other outputs, who waits for all of them; empty where each output stands alone. */
  readonly meeting: string
  readonly rest: string
}

/**
 * Statements that turn r<u>_<i> from RZ of the outputs into their R delta; rows that are not real become 0.
 *
 * Uses: sh through `shared` (half cur is free), activations of layer L, rows (targets), span, row0, tileRow, column.
 */
export function tangentHeadParts(
  shape: TangentShape,
  shared: (vector: number, half: string, row: number, column: string) => string,
  preactivation: (row: number) => string,
): TangentHead {
  const { pass, together } = shape
  const { layout, loss } = pass
  const kind = pass.head === 'outputs' ? 'outputs' : loss.kind
  const lines = Array.from({ length: pass.tile.rowsPerThread }, (_, i) => i)
  const vectors = Array.from({ length: together }, (_, u) => u)
  const curved = isCurved(layout.outputActivation)
  const curvature = (i: number, upstream: string): string =>
    curved ? `outputCurvature(${preactivation(i)}, f${i}, ef) * (${upstream})` : 'vec4f(0.0)'
  const opening = `
  let ef = exponents[exponentForward(0u, LAYERS, tileNumber)];
  let scale = exp2i(ef);
  let share = span.share.x;
  ${lines
    .map(
      (i) => `let real${i} = tileRow + ${i}u < span.first.w;
  let f${i} = activations[activationAt(0u, LAYERS, tileRow + ${i}u, column)];
  let y${i} = rows[(tileRow + ${i}u) * ROW_QUADS + IN_QUADS + column];
  let slope${i} = outputSlope(${preactivation(i)}, f${i}, ef);`,
    )
    .join('\n  ')}`
  if (kind !== 'softmaxCrossEntropy') {
    // Every output for itself: R delta is RZ times one number.
    const { first, second } = ELEMENTWISE[kind]
    const bend = (i: number): string => curvature(i, first(i))
    const factor = (i: number): string => (second === null ? bend(i) : `${second(i)} * slope${i} * slope${i} + ${bend(i)}`)
    const rest = `
  ${lines.map((i) => `{ let factor = ${factor(i)}; ${vectors.map((u) => `r${u}_${i} = select(vec4f(0.0), factor * r${u}_${i}, real${i});`).join(' ')} }`).join('\n  ')}`
    return { opening, meeting: '', rest }
  }
  const columnOf = (i: number): string => `activations[activationAt(0u, LAYERS, tileRow + ${i}u, j / 4u)][j % 4u]`
  const meeting = vectors.flatMap((u) => lines.map((i) => `${shared(u, 'cur', i, 'column')} = slope${i} * r${u}_${i};`)).join('\n  ')
  const rest = `
  ${lines
    .map(
      (i) => `if (column < OUT_QUADS) {
    var top = activations[activationAt(0u, LAYERS, tileRow + ${i}u, 0u)].x;
    var at = 0u;
    for (var j = 1u; j < OUT_COLUMNS; j++) { let f = ${columnOf(i)}; if (f > top) { top = f; at = j; } }
    var rest = 0.0;
    var mass = 0.0;
    ${vectors.map((u) => `let peak${u} = ${shared(u, 'cur', i, 'at / 4u')}[at % 4u]; var mean${u} = 0.0;`).join(' ')}
    for (var j = 0u; j < OUT_COLUMNS; j++) {
      mass += rows[(tileRow + ${i}u) * ROW_QUADS + IN_QUADS + j / 4u][j % 4u];
      if (j == at) { continue; }
      let p = exp(max((${columnOf(i)} - top) * scale, -100.0));
      rest += p;
      ${vectors.map((u) => `mean${u} += p * (${shared(u, 'cur', i, 'j / 4u')}[j % 4u] - peak${u});`).join(' ')}
    }
    let p = exp(max((f${i} - top) * scale, vec4f(-100.0))) / (1.0 + rest);
    let isReal = vec4<bool>(real${i}) & (4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u) < vec4u(OUT_COLUMNS));
    let bend = ${curvature(i, `share * (p * mass - y${i})`)};
    ${vectors
      .map(
        (u) =>
          `r${u}_${i} = select(vec4f(0.0), slope${i} * share * mass * p * (${shared(u, 'cur', i, 'column')} - peak${u} - mean${u} / (1.0 + rest)) + bend * r${u}_${i}, isReal);`,
      )
      .join('\n    ')}
  } else { ${vectors.map((u) => `r${u}_${i} = vec4f(0.0);`).join(' ')} }`,
    )
    .join('\n  ')}`
  return { opening, meeting, rest }
}

/** The statements where threads share their rows. */
export function tangentHeadWgsl(...args: Parameters<typeof tangentHeadParts>): string {
  const { opening, meeting, rest } = tangentHeadParts(...args)
  return `${opening}${meeting === '' ? '' : `\n  ${meeting}\n  workgroupBarrier();`}${rest}`
}
