import { S3Error } from '../../../src/front/s3/errors.ts'
import { readXml as readRequest } from '../../../src/front/s3/xml/read.ts'
import { StoreUnavailable } from '../../../src/store/errors.ts'
import { readXml as readAnswer } from '../../../src/store/s3/xml.ts'
import { holds, refusing, type Target } from '../target.ts'

/** The two readers of XML, the client's and the store's: each refuses, or both see the same. */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 4096, run })

const SEEDS = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><b>1</b><b>2</b><c/></a>',
  '<a><b>&amp;&lt;&#65;&#x1F600;\u00c3\u00a4</b></a>',
  '<a><!-- c --><b><![CDATA[<x>&]]></b></a>',
  '<s:a xmlns:s="x"><s:b>t</s:b></s:a>',
  '<a><b><c>1</c><d>&#34;</d></b><b><c>2</c><d></d></b><b> <c>3</c><d/></b></a>',
  '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
  '<?xml-stylesheet href="x"?><a/>',
  `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`,
]

const WORDS = [
  '<a>',
  '</a>',
  '<a/>',
  '<b>',
  '</b>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE ',
  '<!ENTITY e SYSTEM "file:///etc/passwd">',
  '<?xml version="1.0"?>',
  '<?x?>',
  '&amp;',
  '&e;',
  '&#0;',
  '&#x0;',
  '&#xD800;',
  '&#1114112;',
  '&',
  ' x="y"',
  " x='>'",
  ' xmlns:s="u"',
  's:',
  '__proto__',
  'constructor',
  '#text',
  ':@',
]

interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

function run(input: Buffer): void {
  const root = /<(?:[\w.-]+:)?([\w.-]+)/.exec(input.toString('latin1'))?.[1] ?? 'a'
  const asked = refusing(S3Error, () => readRequest(input, root))
  const answered = refusing(StoreUnavailable, () => readAnswer(input))
  // Line ends are the one thing in which they differ by intent: a key in a listing may hold CR.
  if (asked && answered && !input.includes('\r'))
    holds(shown(asked) === shown(answered), `${shown(asked)}\n${shown(answered)}`)
}

/** Without prefixes, and without the space between elements. */
const shown = ({ name, text, children }: Element): string =>
  `<${name.replace(/^.*:/, '')}>${children.length > 0 ? children.map(shown).join('') : JSON.stringify(text)}`
