// Which fields make the experiment that was named as the nearest that fits? The refusal says it in words; this reads them back.
import type { Experiment } from '../core/experiment.ts'

const PATHS: Readonly<Record<string, string>> = { seeds: 'seeds', width: 'model.width', depth: 'model.depth', batch: 'batch' }

/** Fields to set, by path; arm B keeps its own number only where that is smaller. */
export function nearestFit(
  nearest: string,
  { model, versus }: Pick<Experiment, 'versus'> & Partial<Pick<Experiment, 'model'>>,
): Readonly<Record<string, number | null>> {
  const fields: Record<string, number | null> = {}
  for (const [, name, digits] of nearest.matchAll(/\b(seeds|width|depth|batch) (\d+)/g)) {
    const value = Number(digits)
    fields[PATHS[name]] = value
    const own = name === 'width' ? versus?.model?.width : name === 'depth' ? versus?.model?.depth : undefined
    if (own !== undefined && own > value) fields[`versus.${PATHS[name]}`] = value
  }
  // A list of blocks would set the depth again.
  if (fields['model.depth'] !== undefined && typeof model?.blocks === 'string') fields['model.blocks'] = null
  // A budget would solve the width again.
  if (fields['model.width'] !== undefined && typeof model?.parameterBudget === 'number') fields['model.parameterBudget'] = null
  if (/\b1 seed\b/.test(nearest)) fields.seeds = 1
  return fields
}
