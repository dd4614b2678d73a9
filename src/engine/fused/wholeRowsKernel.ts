// K1 for adapters that compute on a CPU: the same numbers as `forwardBackwardKernel.ts`, another share of the work.
//
// There a read of memory, workgroup memory included, costs as much as a score of multiplications; only a thread's own variables
// at fixed places are cheap. So a thread takes `rowsPerThread` whole rows through all layers by itself: what it reads of others
// is the weights, each once for all its rows, and threads meet only to agree on the exponent of their tile.
//
//   workgroup  (x: tile, y: seed), four threads       thread lid -> rows lid * R ..
//   sh, next   [R][QUADS] of each thread              the layer read and the layer written
//
// Buffers, exponents and the order of every sum are those of the other K1. For networks without norms and skips.
import { agreementMemory, agreementStart, agreeOnPower } from './agreementWgsl.ts'
import { forwardBackwardPrelude } from './forwardBackwardPrelude.ts'
import { rangePieces } from './layerRangesWgsl.ts'
import { keepsZero, tailsOfActivation, toTrueScale } from './activationWgsl.ts'
import { POISON } from './forwardBackwardKernel.ts'
import { hasTails, keepsPreactivations, type KernelShape } from './kernelShape.ts'
import { lossHeadWgsl, singleOutputHeadWgsl } from './lossHeadWgsl.ts'

const FOUR = [0, 1, 2, 3] as const

/** WGSL of K1; entry point `main`, `tileCount` x seeds workgroups. */
export function wholeRowsWgsl(shape: KernelShape, passes: 'forward' | 'both' | 'range'): string {
  const { layout, tile, loss } = shape
  const R = tile.rowsPerThread
  const ranged = passes === 'range'
  const keepZ = keepsPreactivations(layout)
  const single = shape.head === 'outputs'
  const outTails = tailsOfActivation(layout.outputActivation) !== 'none'
  const tails = hasTails(shape) || outTails
  const slopeTails = tailsOfActivation(layout.activation) !== 'none'
  const valueTails = tailsOfActivation(layout.activation) === 'all'
  const rows = Array.from({ length: R }, (_, i) => i)
  const quads = Array.from({ length: layout.quads }, (_, k) => k)
  // Activations without z are a comparison: they are written out beside the sums, the others once.
  const simple = !keepZ
  const eachRow = (body: (i: number) => string): string => rows.map(body).join('\n        ')
  const eachEntry = (body: string): string => `for (var own = 0u; own < ${R * layout.quads}u; own++) {
      let row = tileRow + own / QUADS;
      let column = own % QUADS;
      let columns = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u);
      ${body}
    }`
  const swap = rows.flatMap((i) => quads.map((k) => `sh[${i * layout.quads + k}] = next[${i * layout.quads + k}];`)).join(' ')
  const nextSlot = `
    if (lid == 0u) { atomicStore(&largestBits[(slot + 2u) % 3u], 0u); }
    slot = (slot + 1u) % 3u;`
  // acc<i> goes on from a<i>_<k>; sums run over k in order, as everywhere.
  const products = (weight: (k: number, q: number) => string, term: (x: string) => string): string =>
    quads
      .map(
        (k) => `${FOUR.map((q) => `let w${k}_${q} = parameters[${weight(k, q)}];`).join(' ')}
        ${eachRow((i) => `let x${k}_${i} = sh[${i * layout.quads + k}]; let a${k + 1}_${i} = a${k}_${i} + ${term(`x${k}_${i}`).replaceAll('W', `w${k}_`)};`)}`,
      )
      .join('\n        ')
  const activate = (prefix: 'hidden' | 'output'): string => {
    const activation = prefix === 'hidden' ? layout.activation : layout.outputActivation
    // Padding must stay 0, or the weights that lead out of it would learn.
    const isReal = `columns < vec4u(${prefix === 'hidden' ? 'HIDDEN_COLUMNS' : 'OUT_COLUMNS'})`
    const agrees = prefix === 'hidden' && valueTails
    const whole = agrees ? 'ofTails(hiddenValueTails(v, ez), power)' : `${prefix}Value(v, e)`
    // Rows that are not real may be larger than those that are.
    const agreement = agreeOnPower(
      eachEntry,
      `if (((realRows >> (own / QUADS)) & 1u) == 0u) { continue; }
      let there = ${keepsZero(activation) ? 'next[own]' : `select(vec4f(0.0), vec4f(1.0), ${isReal})`};
      let powers = hiddenValueTails(next[own], e).power;`,
    )
    return `
      ${toTrueScale(activation, (toScale) => eachEntry(`var v = next[own]; ${toScale('v')} next[own] = v;`))}
      ${keepZ ? 'if (lid == 0u) { exponents[exponentArgument(seed, l, tileNumber)] = e; }' : ''}
      ${agrees ? `${agreement} let ez = e; e = lowered(e, power);` : ''}
      ${eachEntry(`var v = next[own];
      ${keepZ ? 'activations[Z_START + activationAt(seed, l + 1u, row, column)] = v;' : ''}
      v = ${keepsZero(activation) ? whole : `select(vec4f(0.0), ${whole}, ${isReal})`};
      size = max(size, sizeBits(v));
      next[own] = v;
      activations[activationAt(seed, l + 1u, row, column)] = v;`)}`
  }
  const outputZ = keepZ ? 'activations[Z_START + activationAt(seed, LAYERS, row, column)]' : 'vec4f(0.0)'
  const n = layout.quads
  const toBackward = `
  e = ${loss.kind === 'squaredError' && !single ? 'eo' : '0'};
  ${tails ? 'atomicMax(&largestBits[(slot + 1u) % 3u], headSize);' : ''}
  // Everybody has read the exponents; and lid 0 has written those that all read below.
  workgroupBarrier();
  storageBarrier();
  ${tails ? 'let low = tailExponent(atomicLoad(&largestBits[(slot + 1u) % 3u])); e = lowered(e, low); workgroupBarrier();' : ''}
  if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&largestBits[i], 0u); } }
  slot = 0u;
  workgroupBarrier();
  {
    var size = 0u;
    ${eachEntry(`${tails ? 'let d = next[own] * exp2v(min(powers[own] - low, vec4i(0))); deltas[deltaAt(seed, LAYERS - 1u, row, column)] = d;' : 'let d = deltas[deltaAt(seed, LAYERS - 1u, row, column)];'} sh[own] = d; size = max(size, sizeBits(d));`)}
    atomicMax(&largestBits[slot], size);
  }
  if (lid == 0u) { exponents[exponentBackward(seed, LAYERS - 1u, tileNumber)] = e; }
  workgroupBarrier();`
  const backwardSteps = `
  for (var down = ${ranged ? 'max(begin, LAYERS + 1u) - LAYERS; down < until - LAYERS' : '1u; down <= LAYERS'}; down++) {
    let l = LAYERS - down;
    let bits = atomicLoad(&largestBits[slot]);
    let de = excess(bits);
    let s = exp2i(-de);
    if (bits == 0u && lid == 0u) { exponents[exponentBackward(seed, l, tileNumber)] = emptied(e); }
    if (de != 0) {
      e += de;
      ${eachEntry('deltas[deltaAt(seed, l, row, column)] = sh[own] * s;')}
      if (lid == 0u) { exponents[exponentBackward(seed, l, tileNumber)] = e; }
    }
    if (l == 0u) { break; }
    ${nextSlot}
    ${keepZ ? 'let ea = exponents[exponentArgument(seed, l - 1u, tileNumber)];' : 'let ea = 0;'}
    let share = HIDDEN_SCALE * s;
    let w = seed * PARAMETER_STRIDE + weightAt(l);
    var size = 0u;
    for (var c = 0u; c < QUADS; c++) {
      let p = w + 4u * c * QUADS;
      ${eachRow((i) => `let a0_${i} = vec4f(0.0);`)}
      ${products(
        (k, q) => `p + ${q}u * QUADS + ${k}u`,
        (x) => `vec4f(dot(${x}, W0), dot(${x}, W1), dot(${x}, W2), dot(${x}, W3))`,
      )}
      ${eachRow((i) =>
        simple
          ? `{ let h = activations[activationAt(seed, l, tileRow + ${i}u, c)]; let d = a${n}_${i} * (share * hiddenSlope(vec4f(0.0), h, ea)); size = max(size, sizeBits(d)); next[${i}u * QUADS + c] = d; deltas[deltaAt(seed, l - 1u, tileRow + ${i}u, c)] = d; }`
          : `next[${i}u * QUADS + c] = a${n}_${i};`,
      )}
    }
    ${
      simple
        ? ''
        : `${
            slopeTails
              ? `${agreeOnPower(eachEntry, 'let there = next[own]; let powers = hiddenSlopeTails(activations[Z_START + activationAt(seed, l, row, column)], there, ea).power;')} e = lowered(e, power);`
              : ''
          }
    ${eachEntry(`let h = activations[activationAt(seed, l, row, column)];
      let z = activations[Z_START + activationAt(seed, l, row, column)];
      let d = next[own] * (share * ${slopeTails ? 'ofTails(hiddenSlopeTails(z, h, ea), power)' : 'hiddenSlope(z, h, ea)'});
      size = max(size, sizeBits(d));
      next[own] = d;
      deltas[deltaAt(seed, l - 1u, row, column)] = d;`)}`
    }
    ${swap}
    atomicMax(&largestBits[slot], size);
    if (lid == 0u) { exponents[exponentBackward(seed, l - 1u, tileNumber)] = e; }
    workgroupBarrier();
  }`
  const range = rangePieces(shape, eachEntry, 'sh[own]', POISON.toExponential())
  return `${forwardBackwardPrelude(shape)}
var<workgroup> largestBits: array<atomic<u32>, 3>;
${slopeTails ? agreementMemory() : ''}
// -1 past the batch
fn indexOf(seed: u32, row: u32) -> i32 {
  if (row >= ROWS) { return -1; }
  return batchIndices[indexAt(step.numbers.x, seed, row)];
}

@compute @workgroup_size(${tile.rows / R})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let seed = group.y + u32(step.corrections.w);
  let tileNumber = group.x + u32(step.numbers.w);
  let tileRow = tileNumber * TILE_ROWS + lid * ${R}u;
  var sh: array<vec4f, ${R * layout.quads}>;
  var next: array<vec4f, ${R * layout.quads}>;
  var e = 0;
  var slot = 0u;
  var worst = 0u;
  ${slopeTails ? agreementStart() : ''}
  ${valueTails ? `var realRows = 0u; for (var i = 0u; i < ${R}u; i++) { if (indexOf(seed, tileRow + i) >= 0) { realRows |= 1u << i; } }` : ''}
  ${ranged ? range.prelude : ''}
  if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&largestBits[i], 0u); } exponents[exponentForward(seed, 0u, tileNumber)] = 0; }
  workgroupBarrier();

  ${ranged ? range.resumeForward : ''}
  for (var l = ${ranged ? 'min(begin, LAYERS); l < min(until, LAYERS)' : '0u; l < LAYERS'}; l++) {
    var weightScale = FIRST_SCALE;
    let w = seed * PARAMETER_STRIDE + weightAt(l);
    if (l > 0u) {
      let bits = atomicLoad(&largestBits[slot]);
      worst = max(worst, bits);
      let de = excess(bits);
      let s = exp2i(-de);
      // The weighted sum takes the power of two on its way out, which is as exact and cheaper.
      weightScale = HIDDEN_SCALE * s;
      if (bits == 0u && lid == 0u) { exponents[exponentForward(seed, l, tileNumber)] = emptied(e); }
      if (de != 0) {
        e += de;
        ${eachEntry(`activations[activationAt(seed, l, row, column)] = sh[own] * s;`)}
        if (lid == 0u) { exponents[exponentForward(seed, l, tileNumber)] = e; }
      }
      ${nextSlot}
    }
    ${
      layout.bias
        ? `let eb = exponents[exponentBias(seed, l)];
    let en = max(e, eb);
    weightScale *= exp2i(e - en);
    let biasShare = BIAS_SCALE * exp2i(-en);
    e = en;`
        : ''
    }
    let isHidden = l < LAYERS - 1u;
    var size = 0u;
    let rowQuads = select(QUADS, IN_QUADS, l == 0u);
    // The data may be wider than a layer: then its sums are taken in pieces.
    for (var first = 0u; first < rowQuads; first += QUADS) {
      if (l == 0u) {
        ${eachEntry(`let index = max(indexOf(seed, row), 0)${single ? ' / i32(OUT_COLUMNS)' : ''};
        sh[own] = vec4f(0.0);
        if (first + column < IN_QUADS) { sh[own] = X[u32(index) * IN_QUADS + first + column]; }`)}
      }
      let last = 4u * (rowQuads - first) - 1u;
      let isLast = first + QUADS >= rowQuads;
      for (var c = 0u; c < QUADS; c++) {
        let p = w + 4u * first * QUADS + c;
        ${eachRow((i) => `var b_${i} = vec4f(0.0);`)}
        if (first > 0u) { ${eachRow((i) => `b_${i} = next[${i}u * QUADS + c];`)} }
        ${eachRow((i) => `let a0_${i} = b_${i};`)}
        ${products(
          (k, q) => `p + min(${4 * k + q}u, last) * QUADS`,
          (x) => `(${x}.x * W0 + ${x}.y * W1 + ${x}.z * W2 + ${x}.w * W3)`,
        )}
        if (isLast) {
          ${layout.bias ? 'let bias = parameters[seed * PARAMETER_STRIDE + biasAt(l) + c] * biasShare;' : ''}
          ${eachRow((i) =>
            simple
              ? `{ let z = a${n}_${i} * weightScale${layout.bias ? ' + bias' : ''}; let v = select(outputValue(z, e), hiddenValue(z, e), isHidden); size = max(size, sizeBits(v)); next[${i}u * QUADS + c] = v; activations[activationAt(seed, l + 1u, tileRow + ${i}u, c)] = v; }`
              : `next[${i}u * QUADS + c] = a${n}_${i} * weightScale${layout.bias ? ' + bias' : ''};`,
          )}
        } else { ${eachRow((i) => `next[${i}u * QUADS + c] = a${n}_${i};`)} }
      }
    }
    ${simple ? '' : `if (isHidden) { ${activate('hidden')} } else { ${activate('output')} }`}
    ${swap}
    atomicMax(&largestBits[slot], size);
    if (lid == 0u) { exponents[exponentForward(seed, l + 1u, tileNumber)] = e; }
    workgroupBarrier();
  }

  ${ranged ? `${range.leaveForward}\n  if (begin <= LAYERS) {` : ''}
  // the loss and its delta are taken at true scale unless that overflows
  let nxt = 0u;
  let outputBits = atomicLoad(&largestBits[slot]);
  worst = max(worst, outputBits);
  let eo = max(e + excess(outputBits), 0);
  ${tails && passes !== 'forward' ? `var headSize = 0u; var powers: array<vec4i, ${R * layout.quads}>;` : ''}
  for (var row0 = 0u; row0 < ${R}u; row0++) {
    let row = tileRow + row0;
    let index0 = indexOf(seed, row);
    let real0 = index0 >= 0;
    let sample0 = max(index0, 0)${single ? ' / i32(OUT_COLUMNS)' : ''};
    for (var column = 0u; column < QUADS; column++) {
      let f0 = sh[row0 * QUADS + column]; var delta0 = vec4f(0.0); var rowLoss0 = 0.0;
      ${single ? singleOutputHeadWgsl(1) : lossHeadWgsl(loss, 1)}
      let there0 = select(vec4f(0.0), delta0, real0);
      ${
        outTails
          ? `${single ? 'var power0 = vec4i(0);' : ''} let slope0 = outputSlopeTails(${outputZ}, f0, e); delta0 = there0 * slope0.mantissa; power0 += slope0.power;`
          : `delta0 = there0 * outputSlope(${outputZ}, f0, e);`
      }
      if (column == 0u) { rowLosses[(u32(step.numbers.x) * SEEDS + seed) * PADDED_ROWS + row] = vec2f(select(0.0, rowLoss0, real0), select(f32(lossExponent0), ${POISON.toExponential()}, worst >= INFINITE_BITS)); }
      ${passes === 'forward' ? '' : tails ? `let own = row0 * QUADS + column; next[own] = delta0; powers[own] = power0; headSize = max(headSize, tailSize(${outTails ? 'there0' : 'delta0'}, power0));` : 'deltas[deltaAt(seed, LAYERS - 1u, row, column)] = delta0;'}
    }
  }
  ${passes === 'forward' ? '' : toBackward}
  ${ranged ? `} else {\n    ${range.resumeBackward}\n  }` : ''}
  ${passes === 'forward' ? '' : backwardSteps}
}`
}
