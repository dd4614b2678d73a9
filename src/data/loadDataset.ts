// Where does a run get its data? Here, whatever kind the experiment names: one door for shipped images, synthetic sets and
// files of the user's own.
//
// Three named streams of the seed: `data` (training rows and their order), `data/test` and `data/function` (the hidden
// teacher or the class centres). So more training rows leave the test set and the function to be learnt as they were.
import type { Dataset } from '../core/dataset.ts'
import type { DataSettings } from '../core/experiment.ts'
import type { RandomStream } from '../core/random.ts'
import { namedStream } from '../numerics/streams.ts'
import { gaussianRows } from './gaussianTargets.ts'
import { loadImageDataset } from './imageDataset.ts'
import { drawMixtureCentres, mixtureRows, MIXTURE_CLASSES } from './mixture.ts'
import { drawOrthogonalBasis } from './orthogonalPoints.ts'
import { ownDataset } from './ownFile/ownDataset.ts'
import type { OwnSamples } from './ownFile/ownSamples.ts'
import { lineRows, pointRow } from './pointAndLine.ts'
import { drawHyperplane, sphereRows, type SignedRows } from './spherePoints.ts'
import { classifiedSet, regressionSet, signedSet, withInputsAsTargets } from './splits.ts'
import { drawLinearTeacher, drawTeacher, teacherRows } from './teacher.ts'
import type { AssetSource } from './verifiedAssets.ts'

/** What `loadDataset` needs beside the settings; synthetic sets never call `readAsset`. */
export interface DatasetSource extends AssetSource {
  readonly seed: number
  /** The user's own files, where the experiment asks for them and they are here. */
  readonly ownFile?: OwnSamples | null
}

/**
 * The data set of an experiment: equal settings and seed give equal arrays, on every machine.
 *
 * Images honour `side` and `scaling`, synthetic sets `inputs`, `outputs` and `noise`; the point ignores every count but a
 * test count of 0. Test rows come from the same distribution as training rows and are never among them (except the point).
 * With `targets: 'inputs'` each sample is its own target, whatever the kind.
 *
 * @throws {FaultError} `dataMissing` or `dataCorrupt`, naming the file; the signal's reason when aborted.
 */
export async function loadDataset(settings: DataSettings, source: DatasetSource): Promise<Dataset> {
  const data = await labelled(settings, source)
  return settings.targets === 'inputs' ? withInputsAsTargets(data) : data
}

async function labelled(settings: DataSettings, source: DatasetSource): Promise<Dataset> {
  const train = namedStream(source.seed, 'data')
  const test = namedStream(source.seed, 'data/test')
  const hidden = namedStream(source.seed, 'data/function')
  const { trainCount, testCount, inputs, outputs, noise } = settings
  switch (settings.kind) {
    case 'fashionMnist':
    case 'digits':
      return await loadImageDataset(settings.kind, settings, { train, test }, source)
    case 'teacher':
    case 'linearTeacher': {
      const [name, draw] =
        settings.kind === 'teacher' ? (['Teacher network', drawTeacher] as const) : (['Linear teacher', drawLinearTeacher] as const)
      const teacher = draw(inputs, outputs, hidden)
      return regressionSet(
        name,
        inputs,
        outputs,
        await teacherRows(teacher, trainCount, noise, train, source.signal),
        await teacherRows(teacher, testCount, noise, test, source.signal),
      )
    }
    case 'gaussian':
      return regressionSet(
        'Gaussian points, noise targets',
        inputs,
        outputs,
        gaussianRows(inputs, outputs, trainCount, noise, train),
        gaussianRows(inputs, outputs, testCount, noise, test),
      )
    case 'sphere': {
      const normal = drawHyperplane(inputs, hidden)
      return signedSet('Unit sphere', inputs, sphereRows(normal, trainCount, noise, train), sphereRows(normal, testCount, noise, test))
    }
    case 'orthogonal':
      return orthogonal(settings, { train, test, hidden })
    case 'line':
      return regressionSet('Line y = 2x + 1/2', 1, 1, lineRows(trainCount, noise, train), lineRows(testCount, noise, test))
    case 'point':
      return regressionSet(
        'Point (1, 1)',
        1,
        1,
        pointRow(),
        testCount > 0 ? pointRow() : { inputs: new Float32Array(0), targets: new Float32Array(0) },
      )
    case 'mixture': {
      const centres = drawMixtureCentres(inputs, hidden)
      const classNames = Array.from({ length: MIXTURE_CLASSES }, (_, k) => `Cloud ${k}`)
      return classifiedSet(
        'Gaussian mixture',
        inputs,
        classNames,
        mixtureRows(centres, trainCount, noise, train),
        mixtureRows(centres, testCount, noise, test),
      )
    }
    case 'file':
      return ownDataset(settings, source.ownFile ?? null, { train, test })
    default:
      return settings.kind satisfies never
  }
}

/** Training points from the front of one basis and test points from its end; together at most `inputs` of them exist. */
function orthogonal(
  { inputs, trainCount, testCount }: DataSettings,
  streams: { readonly train: RandomStream; readonly test: RandomStream; readonly hidden: RandomStream },
): Dataset {
  const basis = drawOrthogonalBasis(inputs, streams.hidden)
  const count = Math.min(trainCount, inputs)
  const rows = (indices: readonly number[], stream: RandomStream): SignedRows => {
    const points = { inputs: new Float32Array(indices.length * inputs), labels: new Int32Array(indices.length) }
    for (const [row, index] of indices.entries()) {
      basis.write(index, points.inputs, row * inputs)
      points.labels[row] = stream.integer(2)
    }
    return points
  }
  return signedSet(
    'Orthogonal points, random signs',
    inputs,
    rows(
      Array.from({ length: count }, (_, k) => k),
      streams.train,
    ),
    rows(
      Array.from({ length: Math.min(testCount, inputs - count) }, (_, k) => inputs - 1 - k),
      streams.test,
    ),
  )
}
