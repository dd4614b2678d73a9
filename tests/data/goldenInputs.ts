// SHA-256 of the training inputs (bytes of the float32 array) of all 10 000 images at side 7, seed 1.
//
// One digest for Node and every browser: pixels, shuffle, pooling and rounding must agree to the last bit.
// It changes only when one of these is changed on purpose; print the new one from the failing test.

/** Expected digest of `train.inputs`. */
export const GOLDEN_INPUTS = '548c9b079508390d65141ef21b1cc4c40bb1cc0882e78ab025bf3090411ed7ce'
