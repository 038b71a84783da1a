import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../../src/store/errors.ts'
import { readXml } from '../../../src/store/s3/xml.ts'
import { element, fitsXml, text, xmlDocument } from '../../../src/store/s3/xml-write.ts'
import { unicode } from './unicode.ts'

const read = (xml: string) => readXml(Buffer.from(xml))

test('what S3 writes is read', () => {
  const root = read(
    '<?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n' +
      '  <Key> a &amp;&#x41;&#13;&quot;</Key><Empty/><Grantee xmlns:xsi="http://x" xsi:type=\'a>b\'></Grantee>\n</List>\n',
  )
  expect(root.name).toBe('List')
  expect(root.one('Key').text).toBe(' a &A\r"')
  expect(root.one('Empty').text).toBe('')
  expect(root.all('Grantee')).toHaveLength(1)
  expect(root.optional('Absent')).toBeUndefined()
})

test('white space before the declaration is the store keeping its connection alive', () => {
  expect(read('   \n\n  <?xml version="1.0"?><A>1</A>').text).toBe('1')
})

test('control characters come as references', () => {
  expect(read('<K>a&#1;b&#x7f;</K>').text).toBe('a\u0001b\u007f')
})

describe('refused is', () => {
  test.each([
    ['nothing', ''],
    ['text alone', 'hello'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['a document type in an element', '<a><!DOCTYPE a></a>'],
    ['a processing instruction', '<a><?php x?></a>'],
    ['a comment', '<a><!-- x --></a>'],
    ['a CDATA section', '<a><![CDATA[x]]></a>'],
    ['an entity that nobody declared', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['NUL by reference', '<a>&#0;</a>'],
    ['a surrogate by reference', '<a>&#xD800;</a>'],
    ['a character past Unicode', '<a>&#x110000;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['an unclosed element', '<a><b></a>'],
    ['an element closed by another', '<a></b>'],
    ['an end tag alone', '</a>'],
    ['two roots', '<a/><b/>'],
    ['text behind the root', '<a/>x'],
    ['text beside elements', '<a>x<b/></a>'],
    ['text behind elements', '<a><b/>x</a>'],
    ['an attribute without quotes', '<a b=c/>'],
    ['a tag without end', '<a'],
    ['a name that is none', '<1/>'],
  ])('%s', (_, xml) => {
    expect(() => read(xml)).toThrow(StoreUnavailable)
  })

  test('what is not UTF-8', () => {
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(/UTF-8/)
  })

  test('depth', () => {
    expect(() => read('<a>'.repeat(1_000_000))).toThrow(/nested/)
  })

  test('a million elements', () => {
    expect(() => read(`<a>${'<b/>'.repeat(1_000_000)}</a>`)).toThrow(/elements/)
  })

  test('an element that should be there once and is there twice, or not at all', () => {
    const root = read('<a><Key>1</Key><Key>2</Key></a>')
    expect(() => root.optional('Key')).toThrow(/two <Key>/)
    expect(() => root.one('Size')).toThrow(/lacks <Size>/)
  })
})

test('no answer, however it is broken, ends in anything but a document or a refusal', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    '&',
    ';',
    '#',
    'a',
    '"',
    "'",
    ' ',
    '=',
    '!',
    '?',
    '-',
    '<a>',
    '</a>',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      try {
        readXml(Buffer.from(pieces.join('')))
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a long run of hostile white space takes linear time', () => {
  for (const xml of [`<a${' '.repeat(500_000)}x`, `<a b=${' '.repeat(500_000)}x`, ' '.repeat(500_000)])
    expect(() => read(xml)).toThrow(StoreUnavailable)
})

test('children of the root that were taken are not kept, and may not stand among text', () => {
  const taken: string[] = []
  const take = (child: { name: string; text: string }) => child.name === 'b' && taken.push(child.text) > 0
  const root = readXml(Buffer.from('<a><b>1</b><c><b>2</b></c><b>3</b></a>'), take)
  expect(taken).toEqual(['1', '3'])
  expect(root.children.map(({ name }) => name)).toEqual(['c'])
  expect(root.one('c').one('b').text).toBe('2')
  for (const xml of ['<a><b></b>text</a>', '<a>text<b></b></a>'])
    expect(() => readXml(Buffer.from(xml), take)).toThrow(/mixes text and elements/)
})

describe('children of the root that are built alike', () => {
  const children = (xml: string) => readXml(Buffer.from(`<L>${xml}</L>`)).children
  const outcome = (work: () => unknown) => {
    try {
      return work()
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable)
      return 'refused'
    }
  }

  test('are read as each would be alone, or refused as each would be', () => {
    const text = fc.oneof(
      fc.constantFrom('', ' ', 'v', '&amp;', '&#34;e&#34;', 'a\r\n', '&#1;', 'ü'),
      fc.constantFrom('&', '&nbsp;', '>', '<', '</K>', '<!-- -->', '<![CDATA[x]]>', '<K>', '\u0001'),
    )
    const leaf = fc.tuple(fc.constantFrom('K', 'S', 'a.b'), fc.constantFrom('', ' x="1>"', '/'), text)
    const written = leaf.map(([name, more, value]) =>
      more === '/' ? `<${name}/>` : `<${name}${more}>${value}</${name}>`,
    )
    const owner = fc.array(written, { maxLength: 2 }).map(of => `<Owner>${of.join('')}</Owner>`)
    const blank = fc.constantFrom('', '', '\n  ')
    const entry = fc
      .array(fc.tuple(blank, fc.oneof(written, owner)), { maxLength: 3 })
      .chain(of => fc.constantFrom('C', 'V').map(name => `<${name}>${of.flat().join('')}</${name}>`))
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), entries => {
        // A mistake in one may hide behind another's, so the refused are told from the read one by one.
        const alone = entries.map(one => outcome(() => children(one)))
        const before: string[] = []
        for (const [number, one] of entries.entries()) {
          const together = outcome(() => children([...before, one].join('')).at(-1))
          expect(together).toEqual(alone[number] === 'refused' ? 'refused' : (alone[number] as unknown[])[0])
          if (alone[number] !== 'refused') before.push(one)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('count as elements, each with what it holds', () => {
    expect(children('<C><K>1</K></C>'.repeat(24_000))).toHaveLength(24_000)
    expect(() => children('<C><K>1</K></C>'.repeat(25_001))).toThrow(/elements/)
  })

  test('may hold texts of megabytes, and as many shapes as there are elements', () => {
    const long = `<C><K>${'x'.repeat(4_000_000)}</K></C>`
    expect(children(long + long)[1]!.one('K').text).toHaveLength(4_000_000)
    expect(() => children(`${long}${long.slice(0, -8)}`)).toThrow(StoreUnavailable)
    const wide = `<C>${'<K></K>'.repeat(20_000)}</C>`
    expect(children(wide + wide)[1]!.children).toHaveLength(20_000)
    const names = Array.from({ length: 10_000 }, (_, number) => `<C><K${number}>${number}</K${number}></C>`)
    expect(children(names.join('')).map(child => child.children[0]!.text)).toEqual(
      Array.from({ length: 10_000 }, (_, number) => `${number}`),
    )
  })
})

test('what is written reads back the same', () => {
  fc.assert(
    fc.property(unicode.filter(fitsXml), value => {
      const document = readXml(xmlDocument('Root', element('Some', text('Value', value))))
      expect(document.one('Some').one('Value').text).toBe(value)
    }),
  )
})

test('a value that XML cannot carry is not written', () => {
  for (const value of ['\u0000', '\u0001', '\ufffe', '\ud800']) expect(() => text('Value', value)).toThrow()
})
