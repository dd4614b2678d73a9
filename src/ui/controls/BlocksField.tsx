// How many blocks has each stage of a stripped residual network? Four numbers as one text; empty: as the depth says.
import { useState } from 'react'
import { depthOfModel } from '../../core/convolutionalLayers.ts'
import { LIMITS } from '../../core/limits.ts'
import { useLab, useLabState } from '../lab.tsx'
import { readBlocks } from './blocks.ts'
import { Slider } from './Slider.tsx'

/** The text field; a list that cannot be read stays in it with one sentence below, and changes nothing. */
export function BlocksField() {
  const { run } = useLab()
  const model = useLabState((state) => state.experiment.model)
  const [draft, setDraft] = useState<string | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const commit = () => {
    if (draft === null) return
    const read = readBlocks(draft)
    setTrouble(read.type === 'unreadable' ? read.text : null)
    if (read.type === 'unreadable') return
    setDraft(null)
    if (read.blocks !== model.blocks) {
      run.setFields({ 'model.blocks': read.blocks, 'model.depth': depthOfModel({ ...model, blocks: read.blocks }) })
    }
  }
  const discard = () => {
    setDraft(null)
    setTrouble(null)
  }
  return (
    <div>
      <div className="field-row">
        <span className="field-label">Blocks per stage</span>
        <input
          className="number-box long"
          type="text"
          autoComplete="off"
          spellCheck={false}
          aria-label="Blocks of two convolutions in each of four stages, such as 3, 4, 6, 3"
          aria-invalid={trouble !== null}
          placeholder="as depth"
          value={draft ?? model.blocks?.replaceAll('-', ', ') ?? ''}
          onChange={(event) => setDraft(event.target.value)}
          onFocus={(event) => event.target.select()}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit()
            if (event.key === 'Escape') discard()
          }}
        />
      </div>
      {trouble !== null && (
        <p className="hint" role="alert">
          {trouble}
        </p>
      )}
    </div>
  )
}

/** Stands still: the list of blocks says how deep the network is. */
export function DepthOfBlocks() {
  const model = useLabState((state) => state.experiment.model)
  return (
    <Slider
      label="Depth"
      name="Depth"
      whole
      disabled
      limit={LIMITS.depth}
      value={model.depth}
      valueText={(value) => `${value} layers, from the blocks ${model.blocks}`}
      aside={<span className="grow small muted not-present">{`blocks ${model.blocks}`}</span>}
      onChange={() => undefined}
    />
  )
}
