// Can what leaves the page be trusted by a spreadsheet, read back, and traced to its experiment?
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { EvaluationSample } from '../../src/core/sample.ts'
import { csvCell, csvText } from '../../src/share/csv.ts'
import { pictureRecord, pngWithTexts, svgAddress, svgWithRecord } from '../../src/share/pictureRecord.ts'
import { openRunFile, runFileText, type Provenance } from '../../src/share/runFile.ts'
import { addressWith, snippets } from '../../src/share/snippets.ts'
import { tidyCsv, tidyRows } from '../../src/share/tidyRows.ts'

const PROVENANCE: Provenance = {
  app: 'plateau 0.1.0',
  date: '2025-01-01T00:00:00.000Z',
  backend: 'float64',
  adapter: null,
  link: 'https://example.org/#v=1&p=race.1',
}
const LOSSES = {
  arm: 'A',
  steps: Float64Array.of(0, 1, 99),
  values: Float64Array.of(0.5, 0.25, NaN, 1e-9, 7, 7),
  count: 2,
  seedCount: 2,
} as const
const EVALUATION: EvaluationSample = {
  type: 'evaluation',
  arm: 'B',
  step: 10,
  trainLoss: 0.3,
  testLoss: null,
  trainAccuracy: 0.9,
  testAccuracy: null,
  trainCount: 5,
  testCount: 0,
}

describe('csvCell', () => {
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '-cmd|calc'])('does not let %j run as a formula', (text) => {
    expect(csvCell(text).replace(/^"/u, '')).toMatch(/^'/u)
  })

  test('leaves numbers numbers, negative ones too, in full precision', () => {
    expect([csvCell(-0.5), csvCell(0.1 + 0.2), csvCell(1e-300), csvCell(NaN), csvCell(null), csvCell(-Infinity)]).toEqual([
      '-0.5',
      '0.30000000000000004',
      '1e-300',
      '',
      '',
      '-inf',
    ])
  })

  test('quotes what would break a row', () => {
    expect([csvCell('a,b'), csvCell('say "x"'), csvCell('two\nlines'), csvCell('plain')]).toEqual([
      '"a,b"',
      '"say ""x"""',
      '"two\nlines"',
      'plain',
    ])
  })

  test('gives back any harmless table through a strict reader', () => {
    const cell = fc.string().map((text) => `x${text}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 6 }), (rows) => {
        expect(strictRead(csvText(['a', 'b'], rows)).slice(1)).toEqual(rows)
      }),
      { seed: 9, numRuns: 200 },
    )
  })
})

/** A reader of RFC 4180 that shares nothing with the writer. */
function strictRead(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]]
  const pattern = /(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/gy
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    rows.at(-1)!.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'))
    if (match[3] === '\n') rows.push([])
  }
  return rows.slice(0, -1)
}

describe('tidyRows', () => {
  test('writes one number per row, only the rows in use, and leaves out what was not measured', () => {
    const rows = [
      ...tidyRows([
        {
          run: 'r',
          losses: [LOSSES],
          samples: [EVALUATION, { type: 'unavailable', arm: 'A', step: 0, instrument: 'cosines', reason: 'oneSample' }],
        },
      ]),
    ]
    expect(rows).toEqual([
      ['r', 'A', 0, 0, 'loss', 0.5],
      ['r', 'A', 1, 0, 'loss', 0.25],
      ['r', 'A', 0, 1, 'loss', NaN],
      ['r', 'A', 1, 1, 'loss', 1e-9],
      ['r', 'A', null, 1, 'seeds.diverged', 1],
      ['r', 'B', 0, 10, 'trainLoss', 0.3],
      ['r', 'B', 0, 10, 'trainAccuracy', 0.9],
    ])
  })

  test('gives each seed and layer its own series', () => {
    const sample = {
      type: 'gradientNorms',
      arm: 'A',
      step: 5,
      seedCount: 2,
      layerCount: 2,
      log10: Float64Array.of(-1, -2, -3, -4),
      meanAbsLog10: Float64Array.of(-5, -6, -7, -8),
      globalLog10: Float64Array.of(-0.5, -2.5),
      underflow: new Uint8Array(4),
    } as const
    const rows = [...tidyRows([{ run: 'r', losses: [], samples: [sample] }])]
    expect(rows).toContainEqual(['r', 'A', 1, 5, 'gradientNorm.layer0.log10', -3])
    expect(rows).toContainEqual(['r', 'A', 1, 5, 'gradientMeanAbs.layer1.log10', -8])
    expect(rows).toHaveLength(10)
    const dying = [...tidyRows([{ run: 'r', losses: [], samples: [{ ...sample, dead: Uint8Array.of(0, 1) }] }])]
    expect(dying).toContainEqual(['r', 'A', 1, 5, 'gradientNorm.dead', 1])
    const ofBatch = [...tidyRows([{ run: 'r', losses: [], samples: [{ ...sample, batchRows: 16 }] }])]
    expect(ofBatch).toContainEqual(['r', 'A', 0, 5, 'gradientNorm.batchRows', 16])
  })

  test('counts the steps of a loss sample on from its own', () => {
    const sample = { type: 'loss', arm: 'A', step: 7, seedCount: 1, values: Float64Array.of(3, 2) } as const
    expect([...tidyRows([{ run: 'r', losses: [], samples: [sample] }])].map(([, , seed, step, , value]) => [seed, step, value])).toEqual([
      [0, 7, 3],
      [0, 8, 2],
    ])
  })

  test('does not let the name of a run run', () => {
    expect(tidyCsv([{ run: '=HYPERLINK("x")', losses: [LOSSES], samples: [] }]).split('\n')[1]).toBe(`"'=HYPERLINK(""x"")",A,0,0,loss,0.5`)
  })
})

describe('openRunFile', () => {
  test('opens what runFileText wrote, a bare experiment, and a snapshot', () => {
    const text = runFileText({ provenance: PROVENANCE, experiment: DEFAULT_MLP, losses: [LOSSES], samples: [EVALUATION] })
    for (const file of [
      text,
      JSON.stringify(DEFAULT_MLP),
      JSON.stringify({ format: 'snapshot', version: 1, experiment: DEFAULT_MLP, problem: {} }),
    ]) {
      expect(openRunFile(file)).toEqual({ ok: true, run: { experiment: DEFAULT_MLP, notices: [] } })
    }
  })

  test('repairs a damaged experiment with notices', () => {
    const opened = openRunFile(JSON.stringify({ experiment: { ...DEFAULT_EXPERIMENT, steps: 'many' } }))
    expect(opened.ok && opened.run.notices.map((notice) => notice.path)).toEqual(['steps'])
  })

  test.each(['', 'PNG', '[1]', '{"a":1}', 'null', '{"format":"plateau-run","version":9,"experiment":{}}'])(
    'refuses %j in a sentence',
    (text) => {
      expect(openRunFile(text)).toMatchObject({ ok: false, why: expect.stringMatching(/^[A-Z].*\.$/u) as string })
    },
  )

  test('writes numbers that JSON does not know as words, and only the rows in use', () => {
    const file = JSON.parse(runFileText({ provenance: PROVENANCE, experiment: DEFAULT_EXPERIMENT, losses: [LOSSES], samples: [] })) as {
      losses: [{ values: unknown; steps: unknown }]
      link: string
      seed: number
    }
    expect(file.losses[0]).toMatchObject({ values: [0.5, 0.25, 'nan', 1e-9], steps: [0, 1] })
    expect([file.link, file.seed]).toEqual([PROVENANCE.link, 7])
  })
})

describe('pictures', () => {
  const record = pictureRecord(PROVENANCE, DEFAULT_EXPERIMENT)

  test('carry a record that is the experiment itself', () => {
    expect((JSON.parse(record) as { experiment: unknown }).experiment).toEqual(DEFAULT_EXPERIMENT)
  })

  test('keep the record inside an SVG without breaking it', () => {
    const svg = svgWithRecord('<svg xmlns="http://www.w3.org/2000/svg" width="1"><rect/></svg>', '{"a":"</metadata><script>&"}')
    expect(svg).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="1">\n<metadata>{"a":"&lt;/metadata&gt;&lt;script&gt;&amp;"}</metadata><rect/></svg>',
    )
    expect(svgWithRecord('no picture', 'x')).toBe('no picture')
    expect(
      decodeURIComponent(svgAddress(svg).split(',', 2)[1].length > 0 ? svgAddress(svg).slice(svgAddress(svg).indexOf(',') + 1) : ''),
    ).toBe(svg)
  })

  test('keep texts in a PNG whose chunks all still have the right checksum', () => {
    // The smallest PNG: one transparent pixel.
    const png = Uint8Array.from(
      atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='),
      (c) => c.charCodeAt(0),
    )
    const withText = pngWithTexts(png, { Title: 'Loss', Description: 'depth 24, τ 1.5' })
    const chunks = chunksOf(withText)
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'iTXt', 'iTXt', 'IDAT', 'IEND'])
    expect(chunks.every(({ right }) => right)).toBe(true)
    expect(new TextDecoder().decode(chunks[2].data)).toBe('Description\0\0\0\0\0depth 24, τ 1.5')
  })

  test('leave other bytes alone', () => {
    expect([...pngWithTexts(Uint8Array.of(1, 2, 3), { Title: 'x' })]).toEqual([1, 2, 3])
  })
})

/** Chunks of a PNG, their checksums by the table method of the specification. */
function chunksOf(png: Uint8Array): readonly { type: string; data: Uint8Array; right: boolean }[] {
  const table = Array.from({ length: 256 }, (_, n) =>
    Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n),
  )
  const view = new DataView(png.buffer, png.byteOffset)
  const chunks: { type: string; data: Uint8Array; right: boolean }[] = []
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at)
    const body = png.subarray(at + 4, at + 8 + length)
    const sum = body.reduce((crc, byte) => table[(crc ^ byte) & 255] ^ (crc >>> 8), -1) ^ -1
    chunks.push({
      type: String.fromCharCode(...body.subarray(0, 4)),
      data: body.subarray(4),
      right: sum >>> 0 === view.getUint32(at + 8 + length),
    })
    at += 12 + length
  }
  return chunks
}

describe('snippets', () => {
  const request = {
    address: 'https://example.org/lab/?theme=dark&parentOrigin=x#v=1&p=race.1&vs=opt:adam,lr:0.1',
    title: 'The "race" <off> [it]',
  }
  const text = (name: string) => snippets(request).find((snippet) => snippet.name === name)!.text

  test('keep the hash and drop the visitor’s own query', () => {
    expect(text('Link')).toBe('https://example.org/lab/#v=1&p=race.1&vs=opt:adam,lr:0.1')
    expect(addressWith(request.address, { embed: '1' })).toBe('https://example.org/lab/?embed=1#v=1&p=race.1&vs=opt:adam,lr:0.1')
  })

  test('escape title and address for the place they stand in', () => {
    expect(text('HTML')).toContain('src="https://example.org/lab/?embed=1#v=1&amp;p=race.1')
    expect(text('HTML')).toContain('title="The &quot;race&quot; &lt;off&gt; [it]"')
    expect(text('Markdown')).toBe('[The "race" <off> \\[it\\]](<https://example.org/lab/#v=1&p=race.1&vs=opt:adam,lr:0.1>)')
    expect(text('Jupyter')).toContain('IFrame("https://example.org/lab/?embed=1#v=1&p=race.1')
    expect(text('Quarto')).toMatch(/^```\{=html\}\n<iframe .*\n```$/u)
    expect(text('reveal.js')).toContain('?embed=1&amp;present=1#')
  })
})
