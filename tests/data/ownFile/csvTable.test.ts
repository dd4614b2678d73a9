// parseCsv and parseDecimal
import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../../src/data/ownFile/csvTable.ts'
import { parseDecimal } from '../../../src/data/ownFile/parseDecimal.ts'
import { namedStream } from '../../../src/numerics/streams.ts'
import { faultOf } from '../faultOf.ts'
import { text } from './buildFiles.ts'

const read = (words: string) => {
  const { values, ...rest } = parseCsv(text(words), 'a.csv')
  return { ...rest, values: Array.from(values) }
}
const sentence = async (words: string) => (await faultOf(() => parseCsv(text(words), 'a.csv'))).detail

describe('parseDecimal', () => {
  test.each([
    '0',
    '-0',
    '7',
    '-7',
    '+7',
    '.5',
    '5.',
    '-.25',
    '1e3',
    '1E-3',
    '2.5e+7',
    '007',
    '123456789012345678',
    '0.1',
    '3.14159',
    '1e-400',
  ])('reads %s as the language does', (words) => {
    expect(parseDecimal(words)).toBe(Number(words))
  })
  test.each([
    '',
    ' ',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '0x10',
    '1_000',
    'inf',
    'nan',
    'NaN',
    'Infinity',
    '1,5',
    '--1',
    '1.2.3',
    '٣',
    '0b1',
    '1e123456',
  ])('reads no number in "%s"', (words) => {
    expect(parseDecimal(words)).toBeNaN()
  })
  test('rounds 20 000 random decimals correctly', () => {
    const stream = namedStream(1, 'decimals')
    for (let trial = 0; trial < 20_000; trial++) {
      const digits = Array.from({ length: 1 + stream.integer(20) }, () => stream.integer(10)).join('')
      const point = stream.integer(digits.length + 1)
      const words = `${stream.integer(2) === 0 ? '' : '-'}${digits.slice(0, point)}.${digits.slice(point)}`
      expect(parseDecimal(words)).toBe(Number(words))
    }
  })
})

describe('parseCsv', () => {
  test.each([
    ['commas', '1,2,3\n4,5,6'],
    ['semicolons', '1;2;3\n4;5;6\n'],
    ['tabs', '1\t2\t3\n4\t5\t6'],
    ['runs of spaces', '  1 2   3\n4  5 6  \n'],
    ['CRLF', '1,2,3\r\n4,5,6\r\n'],
    ['CR alone', '1,2,3\r4,5,6'],
    ['a byte order mark', '\uFEFF1,2,3\n4,5,6'],
    ['spaces around fields', ' 1 , 2,3 \n4,5 ,  6'],
    ['quotes', '"1","2",3\n"4",5,"6"'],
    ['blank lines', '\n1,2,3\n\n  \n4,5,6\n\n\n'],
    ['comments', '# made by hand, "really\n1,2,3\n# half\n4,5,6'],
    ['exponents', '1e0,20e-1,.3e1\n4.0,5.,6'],
  ])('reads a table with %s', (_what, words) => {
    expect(read(words)).toEqual({ rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6], header: null, words: null })
  })

  test('takes a first line with words as names, quoted or not', () => {
    expect(read('a,"b, c","d ""e"""\n1,2,3')).toEqual({
      rows: 1,
      columns: 3,
      values: [1, 2, 3],
      header: ['a', 'b, c', 'd "e"'],
      words: null,
    })
    expect(read('\uFEFFnäme,x2\r\n1,2\r\n').header).toEqual(['näme', 'x2'])
  })

  test.each([
    ['last, under names', 'a,b,kind\n1,2,cat\n3,4,dog\n5,6,cat', ['a', 'b', 'kind'], 2, ['cat', 'dog'], [1, 2, 0, 3, 4, 1, 5, 6, 0]],
    ['last, without names', '1,2,cat\n3,4,dog', null, 2, ['cat', 'dog'], [1, 2, 0, 3, 4, 1]],
    ['first, without names', 'B,1\nA,2\nB,3', null, 0, ['B', 'A'], [0, 1, 1, 2, 0, 3]],
    ['first, under names of which one is empty', 'kind,,x\nB,1,2\nA,2,3', ['kind', '', 'x'], 0, ['B', 'A'], [0, 1, 2, 1, 2, 3]],
    ['quoted, with spaces and letters of other alphabets', '1,"blåbær (wild)"\n2, øl \n', null, 1, ['blåbær (wild)', 'øl'], [1, 0, 2, 1]],
  ] as const)('reads words in the column that is %s', (_what, words, header, column, names, values) => {
    const table = read(words)
    expect([table.header, table.words, table.values]).toEqual([header, { column, names }, values])
  })

  test('takes a lone word above numbers for a name', () => {
    expect(read('1,2,label\n3,4,5')).toMatchObject({ header: ['1', '2', 'label'], words: null, rows: 1 })
  })

  test('keeps a hundred thousand rows', () => {
    const { rows, values } = read(Array.from({ length: 100_000 }, (_, i) => `${i},${i / 2}`).join('\n'))
    expect([rows, values[199_998], values[199_999]]).toEqual([100_000, 99_999, 49_999.5])
  })

  test.each([
    ['a word in a row', '1,2\n3,x', 'has "x" in line 2, column 2, which is no number'],
    ['a word after comments and blank lines', '# a\n\n1,2\n\n3,x', 'has "x" in line 5, column 2, which is no number'],
    ['a word after CRLF', 'a,b\r\n1,2\r\n3,x', 'has "x" in line 3, column 2, which is no number'],
    ['a missing value', '1,2\n3,', 'has nothing in line 2, column 2, where a number should stand'],
    ['a missing value in the first line', '1,,2\n3,4,5', 'has nothing in line 1, column 2, where a number should stand'],
    ['an empty quoted value', '1,2\n3,""', 'has nothing in line 2, column 2, where a number should stand'],
    ['not a number', '1,2\n3,NaN', 'has "NaN" in line 2, column 2, which is no number'],
    ['infinity', '1,2\n3,inf', 'has "inf" in line 2, column 2, which is no number'],
    ['more than float32 holds', '1,2\n3,1e39', 'has "1e39" in line 2, column 2, which is too large a number'],
    ['hexadecimal', '1,2\n3,0x10', 'has "0x10" in line 2, column 2, which is no number'],
    ['a decimal comma', '1;2\n3;1,5', 'has "1,5" in line 2, column 2, which is no number'],
    ['a short row', '1,2,3\n4,5', 'has 2 fields in line 2 where the first line has 3'],
    ['a long row', 'a,b\n1,2\n3,4,5', 'has 3 fields in line 3 where the first line has 2'],
    ['a number among words', '1,cat\n2,dog\n3,4', 'has "4" in line 3, column 2, among words that name classes: each begins with a letter'],
    ['nothing among words', 'a,b\n1,cat\n2,\n', 'has nothing in line 3, column 2, where a word should stand'],
    [
      'a damaged number above others',
      'a,b\n1,x2\n3,4',
      'has "4" in line 3, column 2, among words that name classes: each begins with a letter',
    ],
    ['words in two columns', 'a,b,c\ncat,1,dog\nx,2,y', 'has "cat" in line 2, column 1, which is no number'],
    ['a word in the middle', 'a,b,c\n1,cat,2\n', 'has "cat" in line 2, column 2, which is no number'],
    ['words that begin with a digit', 'a,b\n1,2nd\n3,1st', 'has "2nd" in line 2, column 2, which is no number'],
    ['what other programs write for no number', 'a,b\n1,NA\n3,NA', 'has "NA" in line 2, column 2, which is no number'],
    ['a word without end', `1,cat\n2,${'x'.repeat(80)}`, 'has a word of 80 letters in line 2, column 2, and 60 are read'],
    [
      'more words than classes',
      Array.from({ length: 202 }, (_, i) => `${i},w${i}`).join('\n'),
      'has more than 200 different words in column 2: only numbers and classes are learnt from',
    ],
    ['a single column of words', 'cat\ndog\ncat', 'has "dog" in line 2, column 1, which is no number'],
    ['an open quote', '1,2\n3,"4', 'has a quote in line 2 that does not end there'],
    ['a quote over two lines', '1,2\n"3\n4",5', 'has a quote in line 2 that does not end there'],
    ['names alone', 'a,b\n', 'has a first line of names and no line of numbers'],
    ['nothing but comments', '# a\n\n  \n', 'holds no line of numbers'],
    ['an endless word', `1,2\n3,${'x'.repeat(5000)}`, 'has a field of 5000 letters in line 2, which is no number'],
    ['too many columns', Array.from({ length: 4098 }, () => 1).join(','), 'has 4098 columns, and 4097 are read'],
    ['columns without end', ','.repeat(100_000), 'has more than 4097 columns in line 1'],
  ])('refuses %s', async (_what, words, what) => {
    expect(await sentence(words)).toBe(`The data file a.csv ${what}.`)
  })
})
