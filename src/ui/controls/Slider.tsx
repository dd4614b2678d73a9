// One number that a hand can move: a native range and a box for typing, never one without the other.
//
// The range reports while it moves (`dragging`) and once when it is let go; keys count as let go at once.
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { Limit } from '../../core/limits.ts'
import { readNumber, shortNumber } from '../numberText.ts'
import { nextValue, positionOf, scaleOf, TRACK, valueAt, type SliderScale } from './sliderScale.ts'

export interface SliderMark {
  readonly value: number
  readonly label: string
  /** Said to a screen reader and on hover. */
  readonly meaning: string
}

export interface SliderProps {
  readonly label: ReactNode
  /** Plain name for assistive technology when the label is more than text. */
  readonly name: string
  readonly value: number
  readonly limit: Limit
  readonly whole?: boolean
  readonly tone?: 'ink' | 'a' | 'b'
  readonly marks?: readonly SliderMark[]
  readonly disabled?: boolean
  readonly valueText?: (value: number) => string
  readonly format?: (value: number) => string
  readonly onChange: (value: number, dragging: boolean) => void
  readonly onEnd?: () => void
  readonly aside?: ReactNode
}

/** Label, number box and track in 48 px. */
export function Slider(props: SliderProps) {
  const { label, name, value, limit, whole = false, tone = 'ink', marks = [], disabled = false, onChange, onEnd } = props
  const id = useId()
  const scale = scaleOf(limit, whole)
  const position = positionOf(scale, value)
  const moved = useRef(false)
  const markValues = marks.map((mark) => mark.value)

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = KEY_DIRECTION[event.key]
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const big = event.key.startsWith('Page') || event.shiftKey
    onChange(nextValue(scale, value, direction, big), false)
  }
  const end = () => {
    if (!moved.current) return
    moved.current = false
    onEnd?.()
  }
  return (
    <div className="slider">
      <div className="slider-top">
        <label htmlFor={id}>{label}</label>
        {props.aside}
        <NumberBox
          name={`${name}, typed`}
          value={value}
          disabled={disabled}
          format={props.format ?? ((number) => shortNumber(number, whole ? 7 : 3))}
          onCommit={(number) => onChange(number, false)}
        />
      </div>
      <input
        id={id}
        className="range"
        data-tone={tone}
        type="range"
        min={0}
        max={TRACK}
        step={1}
        value={Math.round(position)}
        disabled={disabled}
        aria-label={name}
        aria-valuetext={props.valueText?.(value) ?? shortNumber(value)}
        style={{ '--fill': `${position / (TRACK / 100)}%` } as React.CSSProperties}
        onChange={(event) => {
          moved.current = true
          onChange(valueAt(scale, Number(event.target.value), markValues), true)
        }}
        onPointerUp={end}
        onPointerCancel={end}
        onBlur={end}
        onKeyDown={onKeyDown}
      />
      {marks.length > 0 && (
        <div className="marks">
          {marks.map((mark, index) => (
            <button
              key={mark.label}
              type="button"
              tabIndex={-1}
              disabled={disabled}
              title={mark.meaning}
              aria-label={`${name} ${mark.meaning}`}
              data-crowded={crowding(scale, marks, index)}
              style={{ left: `${positionOf(scale, mark.value) / (TRACK / 100)}%` }}
              onClick={() => onChange(mark.value, false)}
            >
              {mark.label}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** Which way a label must lean, because its neighbour is too near for both to stand in the middle. */
function crowding(scale: SliderScale, marks: readonly SliderMark[], index: number): 'left' | 'right' | undefined {
  const at = (k: number) => positionOf(scale, marks[k].value)
  if (index + 1 < marks.length && at(index + 1) - at(index) < CROWDED) return 'left'
  if (index > 0 && at(index) - at(index - 1) < CROWDED) return 'right'
  return undefined
}

const CROWDED = 0.09 * TRACK

const KEY_DIRECTION: Readonly<Record<string, 1 | -1>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageDown: -1,
}

interface NumberBoxProps {
  readonly name: string
  readonly value: number
  readonly disabled?: boolean
  readonly format: (value: number) => string
  readonly onCommit: (value: number) => void
}

/** A box that takes 1e-3, √6 or e, and gives the old value back when it can make nothing of the text. */
export function NumberBox({ name, value, disabled = false, format, onCommit }: NumberBoxProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const commit = () => {
    if (draft === null) return
    const number = readNumber(draft)
    setDraft(null)
    if (number !== null && number !== value) onCommit(number)
  }
  return (
    <input
      className="number-box"
      type="text"
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      aria-label={name}
      disabled={disabled}
      value={draft ?? format(value)}
      onChange={(event) => setDraft(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
        if (event.key === 'Escape') setDraft(null)
      }}
    />
  )
}
