// What does it learn from? Sets that fit the model, each with the loss and size that belong to it, and files of one's own.
import type { DataSettings } from '../../core/experiment.ts'
import { chooseOwnData } from '../dialogs/ownDataChooser.ts'
import { useLab, useLabState } from '../lab.tsx'
import { Select, type Choice } from './choices.tsx'
import { fieldsForData, fitsModel, isImages } from './dataChoice.ts'
import { DATA_CHOICES } from './words.ts'

/** The select of data sets. */
export function DataSelect() {
  const { run, ownFiles } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const { data, model } = experiment
  // A table is nothing to convolve, though a link may ask for it.
  const offersFile =
    data.kind === 'file' || (fitsModel('file', model.kind) && (model.kind !== 'cnn' || isImages({ kind: 'file', file: data.file })))
  const choices: readonly Choice<DataSettings['kind'] | 'choose'>[] = [
    // A link may hold a pair that the choices do not offer: what the run learns from is shown all the same.
    ...DATA_CHOICES.filter(({ value }) => value === data.kind || fitsModel(value, model.kind)),
    ...(data.file !== null && offersFile ? [{ value: 'file' as const, label: data.file.name, group: 'Your own' }] : []),
    { value: 'choose', label: 'Choose a file …', group: 'Your own' },
  ]
  return (
    <Select
      name="Data"
      choices={choices}
      value={data.kind}
      onChange={(kind) => (kind === 'choose' ? chooseOwnData(ownFiles) : run.setFields(fieldsForData(kind, experiment)))}
    />
  )
}
