// What does it learn from? Sets that fit the model, each with the loss and size that belong to it.
import type { DataSettings } from '../../core/experiment.ts'
import { useLab, useLabState } from '../lab.tsx'
import { Select, type Choice } from './choices.tsx'
import { fieldsForData, fitsModel } from './dataChoice.ts'
import { DATA_CHOICES } from './words.ts'

/** The select of data sets. */
export function DataSelect() {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const { data, model } = experiment
  const choices: readonly Choice<DataSettings['kind']>[] = [
    ...DATA_CHOICES.filter(({ value }) => fitsModel(value, model.kind)),
    ...(data.file === null || !fitsModel('file', model.kind) ? [] : [{ value: 'file' as const, label: data.file.name, group: 'Your own' }]),
  ]
  return <Select name="Data" choices={choices} value={data.kind} onChange={(kind) => run.setFields(fieldsForData(kind, experiment))} />
}
