// What does H1 do between its forward and its backward half? The derivative of the output deltas along each vector.
//
//   delta = act'(z) dL/df,  so  R delta = act'(z) share (d^2 L / df^2) RF + act''(z) RZ dL/df
//
// The softmax is written by the largest output, as in the loss: a common shift of the tangents cancels exactly. What a confident
// sample leaves of it has an exponent, as in the loss, though another one: a badly wrong margin has slope 1 and next to no curvature.
import type { LossSettings } from '../../core/experiment.ts'
import { hasTails } from './kernelShape.ts'
import { isCurved, type TangentShape } from './tangentLayout.ts'
import { SOFTMAX_SLOPE_WGSL, softmaxSpread, TAIL_PRELUDE } from './tailWgsl.ts'

/** WGSL that the head of a loss calls. */
export function tangentHeadPrelude(loss: LossSettings['kind']): readonly string[] {
  return loss === 'squaredError' ? [] : [TAIL_PRELUDE, ...(loss === 'softmaxCrossEntropy' ? [SOFTMAX_SLOPE_WGSL] : [])]
}

/** The statements of the head in their order. */
export interface TangentHead {
  /** Declares what the others use. */
  readonly opening: string
  /** Shows the outputs of a row to whoever has its other outputs, who waits for all of them; empty where each output stands alone. */
  readonly meeting: string
  /** What `sizes` and `rest` both stand on. */
  readonly middle: string
  /** Notes in `headSize` how large the row's numbers will be; empty where they need no exponent of their own. */
  readonly sizes: string
  /** Uses ehead, what the tile made of the sizes. */
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
  const { layout } = pass
  const kind = pass.head === 'outputs' ? 'outputs' : pass.loss.kind
  const lines = Array.from({ length: pass.tile.rowsPerThread }, (_, i) => i)
  const vectors = Array.from({ length: together }, (_, u) => u)
  const each = (body: (i: number) => string): string => lines.map(body).join('\n  ')
  const ofVectors = (body: (u: number) => string): string => vectors.map(body).join('\n    ')
  const curved = isCurved(layout.outputActivation)
  const bend = (i: number): string => `outputCurvature(${preactivation(i)}, f${i}, ef)`
  const opening = `
  let ef = exponents[exponentForward(0u, LAYERS, tileNumber)];
  let scale = exp2i(ef);
  let share = span.share.x;
  ${each(
    (i) => `let real${i} = tileRow + ${i}u < span.first.w;
  let f${i} = activations[activationAt(0u, LAYERS, tileRow + ${i}u, column)];
  let y${i} = rows[(tileRow + ${i}u) * ROW_QUADS + IN_QUADS + column];
  let slope${i} = outputSlope(${preactivation(i)}, f${i}, ef);`,
  )}`
  if (!hasTails(pass)) {
    // Every output for itself: R delta is RZ times one number.
    const factor = (i: number): string =>
      kind === 'outputs'
        ? curved
          ? `${bend(i)} * y${i}`
          : 'vec4f(0.0)'
        : `share * slope${i} * slope${i}${curved ? ` + ${bend(i)} * (share * (f${i} * scale - y${i}))` : ''}`
    const rest = each(
      (i) => `{ let factor = ${factor(i)}; ${ofVectors((u) => `r${u}_${i} = select(vec4f(0.0), factor * r${u}_${i}, real${i});`)} }`,
    )
    return { opening, meeting: '', middle: '', sizes: '', rest }
  }
  if (kind === 'logistic') {
    // Likewise, with tails: the slope of the loss is -y logistic(-m), its curvature y^2 logistic(m) logistic(-m).
    const middle = each(
      (i) => `let margins${i} = y${i} * f${i};
  let tails${i} = tailsOf(abs(margins${i}) * scale);
  let total${i} = 1.0 + tails${i}.mantissa * exp2v(tails${i}.power);
  let isRight${i} = margins${i} > vec4f(0.0);
  let straight${i} = Tails(share * y${i} * y${i} * slope${i} * slope${i} * tails${i}.mantissa / (total${i} * total${i}), tails${i}.power);
  let factor${i} = ${
    curved
      ? `plusTails(straight${i}, Tails(${bend(i)} * -share * y${i} * select(vec4f(1.0), tails${i}.mantissa, isRight${i}) / total${i}, select(vec4i(0), tails${i}.power, isRight${i})))`
      : `straight${i}`
  };`,
    )
    const sizes = each((i) => `if (real${i}) { headSize = max(headSize, tailSize(factor${i}.mantissa, factor${i}.power)); }`)
    const rest = each(
      (i) => `{ let factor = factor${i}.mantissa * exp2v(factor${i}.power - ehead);
    ${ofVectors((u) => `r${u}_${i} = select(vec4f(0.0), factor * r${u}_${i}, real${i});`)} }`,
    )
    return { opening, meeting: '', middle, sizes, rest }
  }
  const output = (i: number, quad: string): string => `activations[activationAt(0u, LAYERS, tileRow + ${i}u, ${quad})]`
  const target = (i: number, quad: string): string => `rows[(tileRow + ${i}u) * ROW_QUADS + IN_QUADS + ${quad}]`
  const meeting = each((i) => ofVectors((u) => `${shared(u, 'cur', i, 'column')} = slope${i} * r${u}_${i};`))
  // own<i>: p of this column. straight<i> is what p multiplies without the tangents, bent<i> what RZ is multiplied by.
  const middle = each(
    (i) => `${softmaxSpread(
      i,
      (quad) => output(i, quad),
      (quad) => target(i, quad),
    )}
    let isTop${i} = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u) == vec4u(at${i});
    let isReal${i} = vec4<bool>(real${i}) & (4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u) < vec4u(OUT_COLUMNS));
    let raw${i} = tailsOf((top${i} - f${i}) * scale);
    let own${i} = Tails(raw${i}.mantissa / total${i}, raw${i}.power);
    let straight${i} = Tails(select(vec4f(0.0), share * mass${i} * slope${i} * own${i}.mantissa, isReal${i}), select(own${i}.power, vec4i(rest${i}.power), isTop${i}));
    ${
      curved
        ? `let first${i} = softmaxSlope(own${i}, isTop${i}, y${i}, mass${i}, rest${i}, total${i});
    let bent${i} = Tails(select(vec4f(0.0), ${bend(i)} * (share * first${i}.mantissa), isReal${i}), first${i}.power);`
        : ''
    }`,
  )
  const sizes = each(
    (i) => `headSize = max(headSize, tailSize(straight${i}.mantissa, straight${i}.power));
    ${curved ? `headSize = max(headSize, tailSize(bent${i}.mantissa, bent${i}.power));` : ''}`,
  )
  const rest = each(
    (i) => `{
    ${ofVectors((u) => `let peak${u} = ${shared(u, 'cur', i, 'at' + i + ' / 4u')}[at${i} % 4u]; var mean${u} = 0.0;`)}
    for (var j = 0u; j < OUT_COLUMNS; j++) {
      if (j == at${i}) { continue; }
      let tail = tailOf((top${i} - ${output(i, 'j / 4u')}[j % 4u]) * scale);
      let p = tail.mantissa * exp2i(tail.power - rest${i}.power) / total${i};
      ${ofVectors((u) => `mean${u} += p * (${shared(u, 'cur', i, 'j / 4u')}[j % 4u] - peak${u});`)}
    }
    // the means are mantissas of what the others are; beside the top's own tangent they have that size, and alone at the top
    let ofRest = exp2i(rest${i}.power);
    let straight = straight${i}.mantissa * exp2v(straight${i}.power - ehead);
    ${curved ? `let bent = bent${i}.mantissa * exp2v(bent${i}.power - ehead);` : ''}
    ${ofVectors((u) => `r${u}_${i} = straight * select(${shared(u, 'cur', i, 'column')} - peak${u} - mean${u} * ofRest, vec4f(-mean${u}), isTop${i})${curved ? ` + bent * r${u}_${i}` : ''};`)}
  }`,
  )
  return { opening, meeting, middle, sizes, rest }
}

/** The statements where threads share their rows; e<u> of the vectors become those of their R deltas. */
export function tangentHeadWgsl(...args: Parameters<typeof tangentHeadParts>): string {
  const { opening, meeting, middle, sizes, rest } = tangentHeadParts(...args)
  const vectors = Array.from({ length: args[0].together }, (_, u) => u)
  const agreed =
    sizes === ''
      ? ''
      : `
  var headSize = 0u;
  ${sizes}
  ${agreeOnHead(args[0])}`
  return `${opening}${meeting === '' ? '' : `\n  ${meeting}`}\n  ${middle}${agreed}\n  ${rest}\n  ${sizes === '' ? '' : vectors.map((u) => `e${u} += ehead;`).join(' ')}`
}

/** Makes ehead of what every thread noted in headSize; uses the free slot of the sizes, and whoever reads it next clears it first. */
export function agreeOnHead({ together }: TangentShape): string {
  return `atomicMax(&largestBits[slot * ${together}u], headSize);
  workgroupBarrier();
  let ehead = tailExponent(atomicLoad(&largestBits[slot * ${together}u]));`
}
