// The mark: a path along a plateau, and the drop at its end.

/** 22 px, decorative; the word beside it names the page. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <path d="M1 5h8c3 0 3 12 7 12h5" fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="9" cy="5" r="2.6" fill="var(--b)" />
    </svg>
  )
}
