// K1: forward, loss and backward of every layer in one dispatch.
//
// One workgroup owns a tile of `tileRows` batch rows of one seed through all layers; a thread owns one vec4
// column of `rowsPerThread` rows. Layers ping-pong through workgroup memory, one barrier each:
//
//   workgroup  (x: tile, y: seed)          thread lid -> column lid % QUADS, rows (lid / QUADS) * R ..
//   sh         [2][tileRows][QUADS]        the layer read and the layer written
//   activations[seed][l = 1 .. L][row][QUADS]   h_l as mantissas of 2^exponents(l, tile); l = L is the output
//   (+ the same again for z_l where the derivatives need it)
//   deltas     [seed][l = 0 .. L-1][row][QUADS] dLoss/dz_l as mantissas
//   exponents  see `kernelShape.ts`
//   rowLosses  [step of the chunk][seed][row]   vec2f: the loss is x 2^y, and POISON in y marks a row that left float32
//
// Rows past the batch, and those of index -1, are computed and masked: their deltas and losses are 0. A row's numbers do not depend
// on the tile it lies in, so the tile size is free to be tuned.
import { agreementMemory, agreementStart, agreeOnPower } from './agreementWgsl.ts'
import { forwardBackwardPrelude } from './forwardBackwardPrelude.ts'
import { rangePieces } from './layerRangesWgsl.ts'
import { keepsZero, tailsOfActivation, toTrueScale } from './activationWgsl.ts'
import { hasTails, isPlain, keepsPreactivations, type KernelShape } from './kernelShape.ts'
import { lossHeadWgsl, singleOutputHeadWgsl } from './lossHeadWgsl.ts'
import { deltaThroughNormAndSkip, normAndSkipMemory, normForwardWgsl, skipForwardWgsl } from './normAndSkipWgsl.ts'

/** Exponent of a row loss that is no number: something on the way to it was not finite. */
export const POISON = 1e9

/**
 * WGSL of K1; entry point `main`, `tileCount` x seeds workgroups.
 *
 * @param passes 'forward' leaves out the backward half, for evaluation; 'range' does the stations that the step names.
 */
export function forwardBackwardWgsl(shape: KernelShape, passes: 'forward' | 'both' | 'range' = 'both'): string {
  const { layout, tile, loss } = shape
  const R = tile.rowsPerThread
  const threads = (layout.quads * tile.rows) / R
  const lines = Array.from({ length: R }, (_, i) => i)
  const ranged = passes === 'range'
  const unroll = (body: (i: number) => string): string => lines.map(body).join('\n    ')
  const keepZ = keepsPreactivations(layout)
  const plain = isPlain(layout)
  const single = shape.head === 'outputs'
  const outTails = tailsOfActivation(layout.outputActivation) !== 'none'
  const tails = hasTails(shape) || outTails
  const slopeTails = tailsOfActivation(layout.activation) !== 'none'
  const valueTails = tailsOfActivation(layout.activation) === 'all'
  const readWeights =
    'let w0 = parameters[p]; let w1 = parameters[p + QUADS]; let w2 = parameters[p + 2u * QUADS]; let w3 = parameters[p + 3u * QUADS];'
  // What follows the sums is a loop over the thread's rows: unrolled it would be most of what there is to compile.
  const eachRow = (body: string): string => `for (var i = 0u; i < ${R}u; i++) {
      let own = (row0 + i) * QUADS + column;
      let row = tileRow + i;
      ${body}
    }`
  const outputZ = (i: number): string =>
    keepZ ? `activations[Z_START + activationAt(seed, LAYERS, tileRow + ${i}u, column)]` : 'vec4f(0.0)'
  const nextLayer = `
    workgroupBarrier();
    let swap = cur; cur = nxt; nxt = swap;`
  const nextSlot = `
    if (lid == 0u) { atomicStore(&largestBits[(slot + 2u) % 3u], 0u); }
    slot = (slot + 1u) % 3u;`
  const addBias = layout.bias
    ? `let eb = exponents[exponentBias(seed, l)];
    let en = max(e, eb);
    let sa = weightScale * exp2i(e - en);
    let b = parameters[seed * PARAMETER_STRIDE + biasAt(l) + column] * (BIAS_SCALE * exp2i(-en));
    e = en;
    ${unroll((i) => `sh[nxt + own${i}] = acc${i} * sa + b;`)}`
    : unroll((i) => `sh[nxt + own${i}] = acc${i} * weightScale;`)
  const activate = (prefix: 'hidden' | 'output'): string => {
    const activation = prefix === 'hidden' ? layout.activation : layout.outputActivation
    // Padding must stay 0, or the weights that lead out of it would learn.
    const isReal = `columns < vec4u(${prefix === 'hidden' ? 'HIDDEN_COLUMNS' : 'OUT_COLUMNS'})`
    const agrees = prefix === 'hidden' && valueTails
    const whole = agrees ? 'ofTails(hiddenValueTails(v, ez), power)' : `${prefix}Value(v, e)`
    // Rows that are not real may be larger than those that are.
    const agreement = agreeOnPower(
      eachRow,
      `if (((realRows >> i) & 1u) == 0u) { continue; }
      let there = ${keepsZero(activation) ? 'sh[nxt + own]' : `select(vec4f(0.0), vec4f(1.0), ${isReal})`};
      let powers = hiddenValueTails(sh[nxt + own], e).power;`,
    )
    return `
      ${toTrueScale(activation, (toScale) => eachRow(`var v = sh[nxt + own]; ${toScale('v')} sh[nxt + own] = v;`))}
      ${keepZ ? 'if (lid == 0u) { exponents[exponentArgument(seed, l, tileNumber)] = e; }' : ''}
      ${agrees ? `${agreement} let ez = e; e = lowered(e, power);` : ''}
      ${eachRow(`var v = sh[nxt + own];
      ${keepZ ? 'activations[Z_START + activationAt(seed, l + 1u, row, column)] = v;' : ''}
      v = ${keepsZero(activation) ? whole : `select(vec4f(0.0), ${whole}, ${isReal})`};
      size = max(size, sizeBits(v));
      sh[nxt + own] = v;
      activations[activationAt(seed, l + 1u, row, column)] = v;`)}`
  }
  const ownZ = (layer: string): string => `activations[Z_START + activationAt(seed, ${layer}, row, column)]`
  const plainDelta = `${keepZ ? 'let ea = exponents[exponentArgument(seed, l - 1u, tileNumber)];' : 'let ea = 0;'}
    ${
      slopeTails
        ? `${agreeOnPower(eachRow, `let there = sh[nxt + own]; let powers = hiddenSlopeTails(${ownZ('l')}, there, ea).power;`)} e = lowered(e, power);`
        : ''
    }
    ${eachRow(`let h = activations[activationAt(seed, l, row, column)];
      let z = ${keepZ ? ownZ('l') : 'vec4f(0.0)'};
      let d = sh[nxt + own] * (HIDDEN_SCALE * s * ${slopeTails ? 'ofTails(hiddenSlopeTails(z, h, ea), power)' : 'hiddenSlope(z, h, ea)'});
      size = max(size, sizeBits(d));
      sh[nxt + own] = d;
      deltas[deltaAt(seed, l - 1u, row, column)] = d;`)}`
  const toBackward = `
  e = ${loss.kind === 'squaredError' && !single ? 'eo' : '0'};
  ${layout.skips === null ? '' : 'skipped = NO_EXPONENT; turn = 0u; if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&sentBits[i], 0u); } }'}
  ${tails ? unroll((i) => `atomicMax(&largestBits[(slot + 1u) % 3u], tailSize(${outTails ? 'there' : 'delta'}${i}, power${i}));`) : ''}
  // Everybody has read the outputs; and lid 0 has written the exponents that all read below.
  workgroupBarrier();
  storageBarrier();
  ${tails ? `let low = tailExponent(atomicLoad(&largestBits[(slot + 1u) % 3u])); e = lowered(e, low); ${unroll((i) => `delta${i} *= exp2v(min(power${i} - low, vec4i(0)));`)} workgroupBarrier();` : ''}
  if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&largestBits[i], 0u); } }
  slot = 0u;
  cur = 0u;
  nxt = TILE_ROWS * QUADS;
  workgroupBarrier();
  {
    var size = 0u;
    ${unroll((i) => `sh[cur + own${i}] = delta${i}; deltas[deltaAt(seed, LAYERS - 1u, tileRow + ${i}u, column)] = delta${i}; size = max(size, sizeBits(delta${i}));`)}
    atomicMax(&largestBits[slot], size);
  }
  if (lid == 0u) { exponents[exponentBackward(seed, LAYERS - 1u, tileNumber)] = e; }
  workgroupBarrier();`
  const backwardSteps = `
  for (var down = ${ranged ? 'max(begin, LAYERS + 1u) - LAYERS; down < until - LAYERS' : '1u; down <= LAYERS'}; down++) {
    // the delta of layer l lies in sh[cur]; take its excess out, then produce that of layer l - 1
    let l = LAYERS - down;
    let bits = atomicLoad(&largestBits[slot]);
    let de = excess(bits);
    let s = exp2i(-de);
    if (bits == 0u && lid == 0u) { exponents[exponentBackward(seed, l, tileNumber)] = emptied(e); }
    if (de != 0) {
      e += de;
      ${eachRow('deltas[deltaAt(seed, l, row, column)] = sh[cur + own] * s;')}
      if (lid == 0u) { exponents[exponentBackward(seed, l, tileNumber)] = e; }
    }
    ${plain ? '' : 'if (bits == 0u) { e = emptied(e); }'}
    if (l == 0u) { break; }
    ${nextSlot}
    ${unroll((i) => `acc${i} = vec4f(0.0);`)}
    let w = seed * PARAMETER_STRIDE + weightAt(l) + 4u * column * QUADS;
    for (var k = 0u; k < QUADS; k++) {
      let p = w + k;
      ${readWeights}
      ${unroll((i) => `{ let d = sh[cur + (row0 + ${i}u) * QUADS + k]; acc${i} += vec4f(dot(d, w0), dot(d, w1), dot(d, w2), dot(d, w3)); }`)}
    }
    ${unroll((i) => `sh[nxt + own${i}] = acc${i};`)}
    var size = 0u;
    ${plain ? plainDelta : deltaThroughNormAndSkip(shape, eachRow)}
    atomicMax(&largestBits[slot], size);
    if (lid == 0u) { exponents[exponentBackward(seed, l - 1u, tileNumber)] = e; }
    ${nextLayer}
  }`
  const range = rangePieces(shape, eachRow, 'sh[own]', POISON.toExponential())
  return `${forwardBackwardPrelude(shape)}
var<workgroup> sh: array<vec4f, ${2 * tile.rows * layout.quads}>;
var<workgroup> largestBits: array<atomic<u32>, 3>;
${normAndSkipMemory(shape)}
${slopeTails ? agreementMemory() : ''}

@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let seed = group.y + u32(step.corrections.w);
  let column = lid % QUADS;
  let columns = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u);
  let row0 = (lid / QUADS) * ${R}u;
  let tileNumber = group.x + u32(step.numbers.w);
  let tileRow = tileNumber * TILE_ROWS + row0;
  var cur = 0u;
  var nxt = TILE_ROWS * QUADS;
  var e = 0;
  var slot = 0u;
  var worst = 0u;
  ${slopeTails ? agreementStart() : ''}
  ${ranged ? range.prelude : ''}
  ${layout.skips === null ? '' : '// exponent of what a skip carries, forward and backward\n  var skipped = NO_EXPONENT;'}
  ${layout.skips === null || passes === 'forward' ? '' : `var turn = 0u; ${ranged ? 'if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&sentBits[i], 0u); } }' : ''}`}
  // not by lid: a tile may have fewer than three threads
  if (lid == 0u) { for (var i = 0u; i < 3u; i++) { atomicStore(&largestBits[i], 0u); } exponents[exponentForward(seed, 0u, tileNumber)] = 0; }
  ${unroll((i) => `let own${i} = (row0 + ${i}u) * QUADS + column; var acc${i} = vec4f(0.0); var index${i} = -1; if (tileRow + ${i}u < ROWS) { index${i} = batchIndices[indexAt(step.numbers.x, seed, tileRow + ${i}u)]; } let real${i} = index${i} >= 0; let sample${i} = max(index${i}, 0)${single ? ' / i32(OUT_COLUMNS)' : ''};`)}
  ${valueTails ? `var realRows = 0u; ${unroll((i) => `realRows |= select(0u, 1u << ${i}u, real${i});`)}` : ''}
  workgroupBarrier();

  ${ranged ? range.resumeForward : ''}
  for (var l = ${ranged ? 'min(begin, LAYERS); l < min(until, LAYERS)' : '0u; l < LAYERS'}; l++) {
    var weightScale = FIRST_SCALE;
    let w = seed * PARAMETER_STRIDE + weightAt(l) + column;
    ${unroll((i) => `acc${i} = vec4f(0.0);`)}
    if (l == 0u) {
      // layer 0 reads the data
      for (var k = 0u; k < IN_QUADS; k++) {
        let p = w + 4u * k * QUADS;
        ${readWeights}
        ${unroll((i) => `{ let x = X[u32(sample${i}) * IN_QUADS + k]; acc${i} += x.x * w0 + x.y * w1 + x.z * w2 + x.w * w3; }`)}
      }
    } else {
      let bits = atomicLoad(&largestBits[slot]);
      worst = max(worst, bits);
      let de = excess(bits);
      let s = exp2i(-de);
      // The weighted sum takes the power of two on its way out, which is as exact and cheaper.
      weightScale = HIDDEN_SCALE * s;
      if (bits == 0u && lid == 0u) { exponents[exponentForward(seed, l, tileNumber)] = emptied(e); }
      if (de != 0) {
        e += de;
        ${eachRow(`activations[activationAt(seed, l, row, column)] = sh[cur + own] * s;`)}
        if (lid == 0u) { exponents[exponentForward(seed, l, tileNumber)] = e; }
      }
      ${layout.skips === null ? '' : 'if (startsBlock(l)) { skipped = select(e, emptied(e), bits == 0u); }'}
      ${nextSlot}
      for (var k = 0u; k < QUADS; k++) {
        let p = w + 4u * k * QUADS;
        ${readWeights}
        ${unroll((i) => `{ let x = sh[cur + (row0 + ${i}u) * QUADS + k]; acc${i} += x.x * w0 + x.y * w1 + x.z * w2 + x.w * w3; }`)}
      }
    }
    ${addBias}
    var size = 0u;
    if (l < LAYERS - 1u) { ${normForwardWgsl(shape, eachRow)} ${skipForwardWgsl(layout, 'preAct', eachRow)} ${activate('hidden')} ${skipForwardWgsl(layout, 'postAct', eachRow)} } else { ${activate('output')} }
    atomicMax(&largestBits[slot], size);
    if (lid == 0u) { exponents[exponentForward(seed, l + 1u, tileNumber)] = e; }
    ${nextLayer}
  }

  ${ranged ? `${range.leaveForward}\n  if (begin <= LAYERS) {` : ''}
  // the outputs lie in sh[cur]; the loss and its delta are taken at true scale unless that overflows
  nxt = cur;
  let outputBits = atomicLoad(&largestBits[slot]);
  worst = max(worst, outputBits);
  let eo = max(e + excess(outputBits), 0);
  ${unroll((i) => `let f${i} = sh[nxt + own${i}]; var delta${i} = vec4f(0.0); var rowLoss${i} = 0.0;`)}
  ${single ? singleOutputHeadWgsl(R) : lossHeadWgsl(loss, R)}
  let lost = worst >= INFINITE_BITS;
  ${unroll(
    (
      i,
    ) => `${outTails ? `${single ? `var power${i} = vec4i(0);` : ''} let there${i} = select(vec4f(0.0), delta${i}, real${i}); let slope${i} = outputSlopeTails(${outputZ(i)}, f${i}, e); delta${i} = there${i} * slope${i}.mantissa; power${i} += slope${i}.power;` : `delta${i} = select(vec4f(0.0), delta${i} * outputSlope(${outputZ(i)}, f${i}, e), real${i});`}
    if (column == 0u) { rowLosses[(u32(step.numbers.x) * SEEDS + seed) * PADDED_ROWS + tileRow + ${i}u] = vec2f(select(0.0, rowLoss${i}, real${i}), select(f32(lossExponent${i}), ${POISON.toExponential()}, lost)); }`,
  )}
  ${passes === 'forward' ? '' : toBackward}
  ${ranged ? `} else {\n    cur = 0u; nxt = TILE_ROWS * QUADS;\n    ${range.resumeBackward}\n  }` : ''}
  ${passes === 'forward' ? '' : backwardSteps}
  ${ranged ? range.leaveBackward : ''}
}`
}
