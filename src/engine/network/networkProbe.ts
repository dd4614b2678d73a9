// How does one seed of the network engine answer a diagnostic? This file only says who answers what.
//
// First-order measurements share a range plan, measured once per training step and kept until the next; those of the loss
// have one, those of the outputs another.
import { dispose } from '@tensorflow/tfjs-core'
import { parameterCount } from '../../core/networkSpec.ts'
import type { Probe, SampleSet } from '../../core/probe.ts'
import { batchGramOn, batchPairsOn } from './batchProductsProbe.ts'
import { lossHessianVectors, outputHessianVectors } from './curvatureProbe.ts'
import { lossOn, preactivationsOn } from './evaluationProbe.ts'
import { gradientOn, gradientPasses, perSampleGramOn, scaledPerSampleGramOn } from './firstOrderProbe.ts'
import { normStatisticsOf } from './frozenStatistics.ts'
import { gradientNormsOn, measurePlan, type PlannedPasses } from './gradientNormsProbe.ts'
import { flatOrder } from './layerTensors.ts'
import { vectorsOf } from './layout.ts'
import { withLayers, type ProbeHost } from './probeHost.ts'
import type { Replanned } from './rangePlan.ts'
import { readPacked } from './readback.ts'
import { kernelGramOn, outputJacobianOn, outputPasses } from './tangentKernelProbe.ts'

/** The Probe of one seed; it follows training through the host. */
export function createNetworkProbe(host: ProbeHost): Probe {
  const planFor = planner(host, gradientPasses, 1)
  const outputPlanFor = planner(host, outputPasses, host.dataset.outputWidth)
  return {
    layers: host.layers,
    parameterCount: parameterCount(host.spec),
    outputCount: host.dataset.outputWidth,
    precision: 'float32',
    loss: (set, signal) => lossOn(host, set, signal),
    preactivations: (set) => preactivationsOn(host, set),
    gradient: async (set, signal) => gradientOn(host, set, (await planFor(set, signal)).plan, signal),
    gradientNorms: async (set, signal) => gradientNormsOn(host, set, await planFor(set, signal), signal),
    perSampleGram: async (set, signal) => perSampleGramOn(host, set, (await planFor(set, signal)).plan, signal),
    scaledPerSampleGram: async (set, signal) => scaledPerSampleGramOn(host, set, (await planFor(set, signal)).plan, signal),
    batchGram: async (batches, signal) =>
      batches.length === 0 ? new Float64Array(0) : batchGramOn(host, batches, (await planFor(batches[0], signal)).plan, signal),
    batchPairs: async (pairs, signal) =>
      pairs.length === 0 ? new Float64Array(0) : batchPairsOn(host, pairs, (await planFor(pairs[0][0], signal)).plan, signal),
    hessianVectors: (block, count, set, signal) => lossHessianVectors(host, block, count, set, signal),
    outputHessianVectors: (block, count, set, output, signal) => outputHessianVectors(host, block, count, set, output, signal),
    outputJacobian: async (set, signal) => outputJacobianOn(host, set, async () => (await outputPlanFor(set, signal)).plan),
    kernelGram: async (set, signal) => kernelGramOn(host, set, async () => (await outputPlanFor(set, signal)).plan, signal),
    normStatistics: () => normStatisticsOf(host),
    secondMoments: () => secondMomentsOf(host),
    weights: () => withLayers(host, async (layers) => vectorsOf(await readPacked(host.opened, flatOrder(layers)), 1)[0]),
  }
}

/** Plans for one kind of passes, kept until the next training step. */
function planner(host: ProbeHost, passesOf: PlannedPasses, lanes: number): (set: SampleSet, signal?: AbortSignal) => Promise<Replanned> {
  let kept: { readonly step: number; readonly planned: Replanned } | null = null
  return async (set, signal) => {
    const step = host.step()
    if (kept?.step !== step) kept = { step, planned: await measurePlan(host, set, passesOf, lanes, signal) }
    return kept.planned
  }
}

async function secondMomentsOf(host: ProbeHost): Promise<Float64Array | null> {
  const borrowed = host.borrowRoots()
  if (borrowed === null) return null
  try {
    const [roots] = vectorsOf(await readPacked(host.opened, borrowed.roots), 1)
    return roots.map((root) => root * root * borrowed.correction)
  } finally {
    dispose([...borrowed.roots])
  }
}
