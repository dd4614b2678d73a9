// Each title finishes the sentence "a list of blocks ...".
import { expect, test } from 'vitest'
import { KNOWN_BLOCKS } from '../../src/core/convolutionalLayers.ts'
import { DEFAULT_CNN } from '../../src/core/defaults.ts'
import type { ModelSettings } from '../../src/core/experiment.ts'
import { channelsOf, isWeighted } from '../../src/core/networkSpec.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'
import { armExperiment, networkSpec } from '../../src/core/resolve.ts'
import { decodeLink } from '../../src/share/decodeLink.ts'
import { readableLink } from '../../src/share/encodeLink.ts'

const SHAPE = { inputWidth: 196, outputWidth: 10, imageShape: [1, 14, 14] } as const

const layersOf = (model: Partial<ModelSettings>) => {
  const experiment = { ...DEFAULT_CNN, model: { ...DEFAULT_CNN.model, family: 'stripped' as const, width: 2, ...model } }
  return networkSpec(armExperiment(experiment, 'A'), SHAPE).layers.filter(isWeighted)
}

/** Convolutions with 2, 4, 8 and 16 channels. */
const perStage = (model: Partial<ModelSettings>) => {
  const convolutions = layersOf(model).filter((layer) => layer.kind === 'conv')
  return [2, 4, 8, 16].map((channels) => convolutions.filter((layer) => channelsOf(layer) === channels).length)
}

test('gives two convolutions a block, after the first layer and before the head', () => {
  // The first layer has the channels of the first stage.
  expect(perStage({ blocks: '1-2-3-4' })).toEqual([3, 4, 6, 8])
  expect(layersOf({ blocks: '1-2-3-4', depth: 7 })).toHaveLength(22)
})

test('is the known one at the depths of ResNet-18 and ResNet-34, and an even share of blocks of three elsewhere', () => {
  expect(perStage({ depth: 18 })).toEqual([5, 4, 4, 4])
  expect(perStage({ depth: 34 })).toEqual([7, 8, 12, 6])
  for (const [depth, blocks] of KNOWN_BLOCKS) {
    expect(layersOf({ depth })).toEqual(layersOf({ blocks }))
    expect(layersOf({ depth })).toHaveLength(depth)
  }
  expect(perStage({ depth: 17 })).toEqual([7, 3, 3, 3])
  expect(perStage({ depth: 38 })).toEqual([10, 9, 9, 9])
})

test('says the depth; another one gives way and is named', () => {
  const model = { kind: 'cnn', family: 'stripped', blocks: '3-4-6-3', depth: 50 }
  const { experiment, notices } = parseExperiment({ model, data: { kind: 'fashionMnist' } })
  expect(experiment.model.depth).toBe(34)
  expect(notices.map(({ text }) => text)).toEqual(['The depth follows from the blocks; for model.depth 34 is used.'])
  expect(parseExperiment(experiment)).toEqual({ experiment, notices: [] })
})

test('of arm B says the depth of arm B', () => {
  const model = { kind: 'cnn', family: 'stripped', depth: 18 }
  const given = { model, data: { kind: 'fashionMnist' }, versus: { model: { blocks: '1-1-1-1' } } }
  const { experiment } = parseExperiment(given)
  expect(armExperiment(experiment, 'A').model.depth).toBe(18)
  expect(armExperiment(experiment, 'B').model.depth).toBe(10)
})

test('changes nothing in families that have no blocks', () => {
  const model = { kind: 'cnn', family: 'wide', depth: 10, blocks: '1-1-1-1' }
  const { experiment, notices } = parseExperiment({ model, data: { kind: 'fashionMnist' } })
  expect(notices).toEqual([])
  expect(experiment.model).toMatchObject({ depth: 10, blocks: '1-1-1-1' })
  expect(layersOf({ family: 'wide', depth: 10, blocks: '1-1-1-1' })).toEqual(layersOf({ family: 'wide', depth: 10 }))
})

test('that is none is refused in words', () => {
  for (const blocks of ['3-4-6', '0-1-1-1', '1-1-1-100', '1-1-1-1-1', 'many', 3]) {
    const { experiment, notices } = parseExperiment({ ...DEFAULT_CNN, model: { ...DEFAULT_CNN.model, family: 'stripped', blocks } })
    expect(experiment.model.blocks).toBeNull()
    expect(notices.map(({ text }) => text)).toEqual([
      `model.blocks should be four numbers from 1 to 99, such as 3-4-6-3, not ${JSON.stringify(blocks)}; null is used.`,
    ])
  }
})

test('travels in a link, for either arm', () => {
  const { experiment } = parseExperiment({
    ...DEFAULT_CNN,
    model: { ...DEFAULT_CNN.model, family: 'stripped', blocks: '1-2-1-1' },
    versus: { model: { blocks: null, depth: 14 } },
  })
  const noPresets = () => null
  const link = readableLink(experiment, null, noPresets)
  expect(link).toContain('blocks=1-2-1-1')
  expect(link).toContain('blocks:auto')
  expect(decodeLink(`#${link}`, noPresets).experiment).toEqual(experiment)
})
