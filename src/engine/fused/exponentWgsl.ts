// How does a kernel keep numbers of any size in float32?
//
// A tile carries one integer exponent and is rescaled by exact powers of two, and only when its largest
// entry leaves [2^-24, 2^24]: a network whose numbers are ordinary is computed bit for bit as without it.
// Sizes are compared as integers: bits order like magnitudes, NaN is the largest, and no compiler assumes it away.

/** Entries within 2^-WINDOW .. 2^WINDOW are left as they are. */
export const WINDOW = 24

/** The exponent that means "all zero": smaller than any that can occur. */
export const NO_EXPONENT = -1_000_000

/** The exponent of numbers that are not zero, and smaller than an exponent can say. */
const LOST_EXPONENT = -700_000
/** Below it a tile is lost. */
const LOWEST_EXPONENT = -450_000
/** Between it and NO_EXPONENT lies what a few layers add to that. */
const ALL_ZERO = -900_000

/** Whether what has this exponent is below all numbers, though not zero. */
export function isLost(exponent: number): boolean {
  return exponent < NO_EXPONENT / 2 && exponent > ALL_ZERO
}

export const EXPONENT_PRELUDE = `
const NO_EXPONENT = ${NO_EXPONENT};
const LOST_EXPONENT = ${LOST_EXPONENT};
// The power of what is beyond all powers.
const NO_TAIL = -200000;
const TAIL_OFFSET = 1048576;
const INFINITE_BITS = 0x7f800000u;
// 2^e as a float; 0 below the normal range, 2^127 above it.
fn exp2i(e: i32) -> f32 {
  if (e < -126) { return 0.0; }
  return bitcast<f32>(u32(min(e, 127) + 127) << 23u);
}
fn exp2v(e: vec4i) -> vec4f {
  return select(bitcast<vec4f>(vec4u(clamp(e + 127, vec4i(1), vec4i(254))) << vec4u(23u)), vec4f(0.0), e < vec4i(-126));
}
// v 2^e in two exact factors, so that neither leaves the range before the product does.
fn scaledBy(v: vec4f, e: i32) -> vec4f {
  let half = e / 2;
  return v * exp2i(half) * exp2i(e - half);
}
// The exponent to take out of a tile whose largest magnitude has these bits; 0 inside the window.
fn excess(bits: u32) -> i32 {
  if (bits == 0u) { return 0; }
  let e = i32(bits >> 23u) - 127;
  return select(0, clamp(e, -126, 126), abs(e) > ${WINDOW});
}
// Bits of the largest magnitude; INFINITE_BITS or more when an entry is not finite.
fn sizeBits(v: vec4f) -> u32 {
  let b = bitcast<vec4u>(v) & vec4u(0x7fffffffu);
  return max(max(b.x, b.y), max(b.z, b.w));
}
// Entries with powers of their own: larger for larger powers, 0 for zero.
fn tailSize(mantissa: vec4f, power: vec4i) -> u32 {
  let sizes = select(vec4u(power + TAIL_OFFSET), vec4u(0u), mantissa == vec4f(0.0));
  return max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
}
fn tailExponent(size: u32) -> i32 { return select(i32(size) - TAIL_OFFSET, 0, size == 0u); }
// Exponent of a tile whose mantissas lost this power of two; what is zero or lost stays so.
fn lowered(e: i32, power: i32) -> i32 {
  let low = select(e + power, LOST_EXPONENT, power <= NO_TAIL || e + power < ${LOWEST_EXPONENT});
  return select(low, e, e < NO_EXPONENT / 2);
}
// What the exponent of a tile becomes where all its mantissas are 0: that of zero, unless something was lost on the way.
fn emptied(e: i32) -> i32 { return select(NO_EXPONENT, LOST_EXPONENT, e < NO_EXPONENT / 2 && e > ${ALL_ZERO}); }
fn largest(v: vec4f) -> f32 {
  let a = abs(v);
  return max(max(a.x, a.y), max(a.z, a.w));
}`
