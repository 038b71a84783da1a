import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readXml } from '../../../src/front/s3/xml/read.ts'
import {
  inTurn,
  S3_NAMESPACE,
  urlEncodedName,
  type XmlNode,
  xmlDocument,
} from '../../../src/front/s3/xml/write.ts'
import { refusal } from './harness.ts'

const read = (text: string, root = 'A') => readXml(Buffer.from(text), root)

describe('a document is read', () => {
  test('with prefixes, references, CDATA and comments', () => {
    const document = read(
      '<?xml version="1.0" encoding="UTF-8"?><x:A xmlns:x="u"><x:B> a &amp;&lt;&#65;&#x42; </x:B><!-- c --><B><![CDATA[<&amp;]]></B><C/></x:A>',
    )
    expect(document.all('B').map(element => element.text)).toEqual([' a &<AB ', '<&amp;'])
    expect(document.textOf('C')).toBe('')
    expect(document.textOf('D')).toBeUndefined()
  })
  test('but a child that may stand once is refused when it stands twice', async () => {
    expect(await refusal(() => read('<A><B/><B/></A>').child('B'))).toBe('MalformedXML')
  })
})

const expansion = `<!DOCTYPE A [<!ENTITY a "aaaaaaaaaa">${[...'bcdefghij'].map((name, i) => `<!ENTITY ${name} "${`&${String.fromCharCode(97 + i)};`.repeat(10)}">`).join('')}]><A>&j;</A>`

describe('a document is refused', () => {
  test.each<[string, string]>([
    ['that is empty', ''],
    ['that is no XML', 'A'],
    ['that is not closed', '<A><B></A>'],
    ['with another root', '<B/>'],
    ['with two roots', '<A/><A/>'],
    ['with text around its root', '<A/>x'],
    ['with a document type', '<!DOCTYPE A><A/>'],
    ['with an entity bomb', expansion],
    ['with an external entity', '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>'],
    ['with a document type in lower case', '<!doctype A><A/>'],
    ['with an entity nobody declared', '<A>&nbsp;</A>'],
    ['with a bare &', '<A>a & b</A>'],
    ['with a reference to NUL', '<A>&#0;</A>'],
    ['with a reference to a control character', '<A>&#x1;</A>'],
    ['with a reference to a surrogate', '<A>&#xD800;</A>'],
    ['with a reference past Unicode', '<A>&#x110000;</A>'],
    ['with NUL', '<A>\0</A>'],
    ['with another encoding', '<?xml version="1.0" encoding="UTF-16"?><A/>'],
    ['with attributes that stand twice', '<A a="1" a="2"/>'],
    ['nested deeper than any of S3', `${'<A>'.repeat(40)}${'</A>'.repeat(40)}`],
    ['nested without end', '<A>'.repeat(100_000)],
    ["with the name of a prototype's property", '<A><__proto__>x</__proto__></A>'],
  ])('%s', async (_, text) => {
    expect(await refusal(() => read(text))).toBe('MalformedXML')
  })
  test('that is no UTF-8', async () => {
    expect(
      await refusal(() => readXml(Buffer.from([0x3c, 0x41, 0x3e, 0xff, 0x3c, 0x2f, 0x41, 0x3e]), 'A')),
    ).toBe('MalformedXML')
  })
})

test('whatever text XML has comes back from a document as it was', () => {
  const character = fc
    .integer({ min: 0x20, max: 0xffff })
    .filter(code => code < 0xd800 || code > 0xdfff)
    .filter(code => code < 0xfffe)
  fc.assert(
    fc.property(fc.array(fc.oneof(character, fc.constantFrom(9, 10, 13, 38, 60, 62, 34))), codes => {
      const text = String.fromCharCode(...codes)
      expect(readXml(xmlDocument('A', [['B', text]], S3_NAMESPACE), 'A').textOf('B')).toBe(text)
    }),
  )
})

test('nothing can be read as anything but MalformedXML or a tree', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '<',
          '>',
          '/',
          'A',
          '&',
          ';',
          '!',
          '-',
          '[',
          ']',
          '"',
          ' ',
          '=',
          '?',
          '#',
          'x',
          '1',
          'CDATA',
          '\0',
        ),
      ),
      pieces => {
        try {
          read(pieces.join(''))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MalformedXML' })
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('control characters are written as references, other marks escaped', () => {
  expect(xmlDocument('A', [['B', 'a\0\x1f\r\n<&>"\ufffe']]).toString()).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<A><B>a&#x0;&#x1f;&#xd;\n&lt;&amp;&gt;&quot;&#xfffe;</B></A>',
  )
  expect(
    xmlDocument('A', [
      ['B', undefined],
      [
        'C',
        [
          ['D', 1],
          ['E', false],
        ],
      ],
    ]).toString(),
  ).toContain('<A><C><D>1</D><E>false</E></C></A>')
})

test('names are encoded for a URL as listings have it', () => {
  expect(urlEncodedName('a/b c+é')).toBe('a/b+c%2B%C3%A9')
})

test('a long document of wide characters is written whole', () => {
  const keys = Array.from({ length: 2_000 }, (_, i) => `\u20ac\u{1f600}${i}`)
  const document = xmlDocument(
    'Root',
    inTurn(
      [['First', true]],
      keys.values().map((key): XmlNode => ['Key', key]),
    ),
  )
  const written = keys.map(key => `<Key>${key}</Key>`).join('')
  expect(document.toString('utf8')).toBe(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Root><First>true</First>${written}</Root>`,
  )
})
