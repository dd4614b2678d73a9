// What does a card show when its instrument has nothing to measure? The reason, and what would change it.
import type { InstrumentName, UnavailableReason } from '../../core/sample.ts'

const WORDS: Readonly<Record<UnavailableReason, readonly [string, string]>> = {
  oneSample: ['One sample has no pairs', 'Gradients can only agree or disagree between samples. Choose data with more than one point.'],
  tooLarge: ['Too large to measure here', 'A smaller network or fewer probe samples bring it back.'],
  zeroGradient: ['Every gradient is exactly zero', 'A direction that does not exist has no cosine. The network may be dead.'],
  switchedOff: ['Switched off', 'Set its schedule to more than 0 under More settings.'],
  nonFinite: ['The numbers left their range', 'Nothing is drawn that cannot be trusted. Try a smaller rate or scale.'],
}

/** The designed silence of a card. */
export function SilentState({ reason }: { readonly instrument: InstrumentName; readonly reason: UnavailableReason }) {
  const [title, text] = WORDS[reason]
  return (
    <div className="card-state">
      <strong>{title}</strong>
      <span>{text}</span>
    </div>
  )
}
