// What is in the files? Twenty-five samples, how many there are of each class, and what was guessed on the way.
import type { OwnFilePreview } from '../../core/ownFilePreview.ts'
import { fittingCounts, shapeInWords } from '../../core/ownFileChoice.ts'
import { NumberBox } from '../controls/Slider.tsx'
import { useLab } from '../lab.tsx'
import { groupedNumber, shortNumber } from '../numberText.ts'
import { OwnDataPictures } from './OwnDataPictures.tsx'

/** Samples beside facts. */
export function OwnDataPreview({ preview }: { readonly preview: OwnFilePreview }) {
  const { file, samples } = preview
  const { trainCount, testCount } = fittingCounts(preview)
  return (
    <div className="own-data" data-samples={samples.type}>
      {samples.type === 'pictures' ? <OwnDataPictures thumbnails={samples} shown={preview.shown} /> : <Table preview={preview} />}
      <div className="own-data-facts">
        <dl className="facts">
          <dt>File</dt>
          <dd className="own-data-name">{file.name}</dd>
          <dt>Format</dt>
          <dd>{preview.format}</dd>
          <dt>Samples</dt>
          <dd className="num">
            {groupedNumber(preview.count)} of {shapeInWords(file)}
          </dd>
          <dt>Used</dt>
          <dd className="num">
            {groupedNumber(trainCount)} to train, {groupedNumber(testCount)} to test, drawn by the seed
          </dd>
          <dt>SHA-256</dt>
          <dd className="own-data-digest">{file.sha256}</dd>
        </dl>
        <TargetColumns preview={preview} />
        {preview.notes.map((note) => (
          <p key={note} className="small">
            {note}
          </p>
        ))}
        <Targets preview={preview} />
      </div>
    </div>
  )
}

/** How many last columns are learnt, where a table leaves that open. */
function TargetColumns({ preview }: { readonly preview: OwnFilePreview }) {
  const { ownFiles } = useLab()
  const { mostTargets, file, targets } = preview
  const targetColumns = targets === 'numbers' ? preview.targetColumns : 0
  if (mostTargets < 2) return null
  return (
    <div className="own-data-targets">
      <label>
        Predict the last
        <NumberBox
          name="Last columns that are predicted"
          value={targetColumns}
          format={String}
          onCommit={(value) => void ownFiles.chooseTargets(Math.min(mostTargets, Math.max(1, Math.round(value))))}
        />
        {targetColumns === 1 ? 'column' : 'columns'}, as numbers
      </label>
      {file.outputs !== undefined && (
        <button type="button" className="link-button" onClick={() => void ownFiles.chooseTargets(null)}>
          As the table says
        </button>
      )}
    </div>
  )
}

function Targets({ preview }: { readonly preview: OwnFilePreview }) {
  const { targets, targetRange, classCounts, classNames } = preview
  if (targets === 'none') return <p className="small">Each sample becomes its own target.</p>
  if (targetRange !== null) {
    const { min, mean, max } = targetRange
    return (
      <p className="small num">
        Targets from {shortNumber(min)} to {shortNumber(max)}, {shortNumber(mean)} on average.
      </p>
    )
  }
  const most = Math.max(...classCounts)
  return (
    <>
      <h3 className="section-title">{classNames.length} classes</h3>
      <ul className="own-data-classes" aria-label="Samples of each class">
        {classNames.map((name, k) => (
          <li key={name}>
            <span className="own-data-class">{name}</span>
            <i style={{ width: `${(60 * classCounts[k]) / most}%` }} aria-hidden="true" />
            <span className="num muted">{groupedNumber(classCounts[k])}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Several targets stand side by side. */
function numbersInWords(answer: string): string {
  return answer
    .split(' ')
    .map((number) => shortNumber(Number(number)))
    .join(', ')
}

function Table({ preview }: { readonly preview: OwnFilePreview }) {
  const { samples, shown, targets } = preview
  if (samples.type !== 'table') return null
  const heading = targets === 'classes' ? 'Class' : targets === 'numbers' ? (preview.targetColumns > 1 ? 'Targets' : 'Target') : null
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="own-data-table table-scroll" aria-label="Samples" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {samples.columns.map(({ place, name }) => (
              <th key={place} scope="col">
                {name}
              </th>
            ))}
            {samples.hidden > 0 && <th scope="col">+ {samples.hidden}</th>}
            {heading !== null && <th scope="col">{heading}</th>}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ place: sample, answer }, index) => (
            <tr key={sample}>
              {samples.columns.map(({ place }) => (
                <td key={place}>{shortNumber(samples.rows[index][place])}</td>
              ))}
              {samples.hidden > 0 && <td className="muted">…</td>}
              {heading !== null && <td className="own-data-answer">{targets === 'classes' ? answer : numbersInWords(answer)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
