// How do plain hypotheses read like mathematics? Names and signs become their symbols; nothing else is touched.

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/\blambda_max\b/g, 'λmax'],
  [/\blambda_min\b/g, 'λmin'],
  [/\blambda\b/g, 'λ'],
  [/\bsigma\^2/g, 'σ²'],
  [/\bsigma\b/g, 'σ'],
  [/\btau\b/g, 'τ'],
  [/\blr\b/g, 'η'],
  [/\beps\b/g, 'ε'],
  [/\bw0\b/g, 'w₀'],
  [/<=/g, '≤'],
  [/>=/g, '≥'],
  [/\binfinity\b/gi, '∞'],
  [/(\d)e-(\d+)/g, '$1e−$2'],
]

/** The sentence with Greek letters and relations. */
export function mathText(text: string): string {
  return SYMBOLS.reduce((now, [pattern, symbol]) => now.replaceAll(pattern, symbol), text)
}
