// How is a formula written by hand? MathML elements under short names, so that a formula reads like its source.
import { createElement, type ReactNode } from 'react'

const element = (tag: string) =>
  function mathElement(...children: readonly ReactNode[]): ReactNode {
    return createElement(tag, null, ...children)
  }

/** Row, fraction, sub- and superscript, root. */
export const row = element('mrow')
export const over = element('mfrac')
export const sub = element('msub')
export const sup = element('msup')
export const subsup = element('msubsup')
export const root = element('msqrt')
/** Identifier, number, operator, words. */
export const i = element('mi')
export const n = element('mn')
export const o = element('mo')
export const words = element('mtext')

/** |…| and ‖…‖. */
export const size = (...inside: readonly ReactNode[]) => row(o('|'), ...inside, o('|'))
export const norm = (...inside: readonly ReactNode[]) => row(o('‖'), ...inside, o('‖'))
export const bracket = (...inside: readonly ReactNode[]) => row(low('('), ...inside, low(')'))
export const tallBracket = (...inside: readonly ReactNode[]) => row(o('('), ...inside, o(')'))

/** An operator that keeps its size, or one letter in brackets would tower over the line. */
function low(sign: string): ReactNode {
  return createElement('mo', { stretchy: 'false' }, sign)
}

/** A whole formula in a block of its own; `spoken` is what a reader without MathML says. */
export function formula(spoken: string, ...children: readonly ReactNode[]): ReactNode {
  return createElement('math', { display: 'block', 'aria-label': spoken }, row(...children))
}
