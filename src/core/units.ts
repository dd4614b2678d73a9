// Which number is which? Units that cross a module are types, so that a step cannot be passed as a time.
//
// Plain aliases, not brands: samples are built in hot loops and a cast on every literal would be noise.

/** A duration in milliseconds. */
export type Milliseconds = number

/** A size in bytes. */
export type Bytes = number

/** Number of optimizer updates done so far; 0 is the state before the first update. */
export type Step = number
