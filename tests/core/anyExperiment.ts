// Which experiments are there? Random ones that obey schema and cross rules, for property tests of every door.
import * as fc from 'fast-check'
import { activationSchema, dataSchema, type Experiment } from '../../src/core/experiment.ts'
import { repairCombinations } from '../../src/core/experimentRules.ts'
import { LIMITS, type LimitName } from '../../src/core/limits.ts'

/** A number in its limits, often at an end, often round, sometimes with all 17 digits. */
const real = (name: LimitName) => {
  const { min, max } = LIMITS[name]
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.double({ min, max, noNaN: true }).map((x) => x + 0),
    fc.integer({ min: 1, max: 99 }).map((k) => Math.min(max, Math.max(min, k / 100))),
  )
}
const count = (name: LimitName) => fc.integer({ min: LIMITS[name].min, max: LIMITS[name].max })

const activation = fc.constantFrom(...activationSchema.options)
const model = {
  kind: fc.constantFrom('chain', 'mlp', 'cnn'),
  family: fc.constantFrom('plain', 'imageToImage', 'wide', 'stripped', 'lenet'),
  parameterBudget: fc.option(count('parameterBudget')),
  norm: fc.constantFrom('none', 'batch', 'layer'),
  skipSpan: count('skipSpan'),
  skipPlacement: fc.constantFrom('postAct', 'preAct'),
  branchScale: fc.option(real('branchScale')),
  kernel: fc.constantFrom(1, 3, 5),
  padding: fc.constantFrom('zero', 'circular'),
  pooling: fc.constantFrom('average', 'max'),
  depth: count('depth'),
  blocks: fc.option(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 4, maxLength: 4 }).map((list) => list.join('-'))),
  width: count('width'),
  activation,
  outputActivation: activation,
  bias: fc.boolean(),
  parameterization: fc.constantFrom('standard', 'ntk'),
  outputWeights: fc.constantFrom('trained', 'signs'),
}
const init = {
  scheme: fc.constantFrom('uniform', 'lecunNormal', 'glorotUniform', 'heUniform', 'orthogonal', 'unitNormal', 'constant', 'kappaNormal'),
  tau: real('tau'),
  gain: real('gain'),
}
const optimizer = {
  kind: fc.constantFrom('sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'perturbed'),
  lr: real('lr'),
  momentum: real('momentum'),
  decay: real('decay'),
  beta1: real('beta1'),
  beta2: real('beta2'),
  eps: fc.oneof(fc.constantFrom(null, 1e-150, 1e-8), real('eps')),
  noise: real('noise'),
  dropEvery: count('every'),
  dropFactor: real('dropFactor'),
}
/** Names hold whatever a file system allows. */
const file = fc.record({
  name: fc.string({ minLength: 1, maxLength: 60 }),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/u),
  channels: count('fileChannels'),
  height: count('fileSide'),
  width: count('fileSide'),
  classes: count('fileClasses'),
})
/** A file with several numbers to predict. */
const numbersFile = fc.tuple(file, count('fileTargets')).map(([own, outputs]) => ({ ...own, classes: 0, outputs }))
const every = count('every')
const optional = (entries: Record<string, fc.Arbitrary<unknown>>) => fc.record(entries, { requiredKeys: [] })

/** A valid experiment: `parseExperiment` returns it equal and without notices. */
export const anyExperiment: fc.Arbitrary<Experiment> = fc
  .record({
    version: fc.constant(1),
    model: fc.record(model),
    init: fc.record(init),
    data: fc.record({
      kind: fc.constantFrom(...dataSchema.entries.kind.options),
      side: fc.constantFrom(7, 14, 28, 32),
      targets: fc.constantFrom('labels', 'inputs', 'signs'),
      file: fc.option(fc.oneof(file, numbersFile)),
      trainCount: count('trainCount'),
      testCount: count('testCount'),
      inputs: count('inputs'),
      outputs: count('outputs'),
      scaling: fc.constantFrom('unit', 'standardised'),
      noise: real('noise'),
    }),
    loss: fc.record({
      kind: fc.constantFrom('squaredError', 'softmaxCrossEntropy', 'logistic'),
      reduction: fc.constantFrom('mean', 'sum'),
    }),
    optimizer: fc.record(optimizer),
    batch: count('batch'),
    sampling: fc.constantFrom('withoutReplacement', 'withReplacement'),
    steps: count('steps'),
    seed: fc.integer({ min: 0, max: 4_294_967_295 }),
    seeds: count('seeds'),
    engine: fc.constantFrom('auto', 'network', 'fused', 'float64'),
    diagnostics: fc.record({
      probeCount: count('probeCount'),
      pairCount: count('pairCount'),
      pairBatch: count('pairBatch'),
      lanczosSteps: count('lanczosSteps'),
      lanczosProbes: count('lanczosProbes'),
      every: fc.record({ evaluation: every, gradientNorms: every, cosines: every, hessian: every, kernel: every }),
      normsOf: fc.constantFrom('probe', 'step'),
      budget: real('budget'),
    }),
    changes: fc.array(fc.record({ step: count('steps'), arm: fc.constantFrom('A', 'B'), optimizer: fc.record(optimizer) }), {
      maxLength: 3,
    }),
    versus: fc.option(
      optional({
        model: optional(model),
        init: optional(init),
        optimizer: optional(optimizer),
        batch: count('batch'),
        linearised: fc.boolean(),
      }),
    ),
  })
  .map((experiment) => repairCombinations(experiment as Experiment, () => {}))
