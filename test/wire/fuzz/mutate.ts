import { get, lines, REFUSED } from '../refused-heads.ts'
import type { Dice } from './target.ts'

/** Where a corpus begins: well-formed traffic, and all that the tests refuse. */
export const SEEDS: readonly string[] = [
  get() + get(),
  `${lines('PUT /a HTTP/1.1', 'Host: h', 'Content-Length: 12')}hello, world${get()}`,
  `${lines('HTTP/1.1 200 OK', 'Content-Length: 12')}hello, world${lines('HTTP/1.1 204 No Content')}`,
  `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n${lines('HTTP/1.1 304 Not Modified')}`,
  `${lines('PUT /a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n${get()}`,
  ...REFUSED.map(([, text]) => text),
]

const WORDS = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  ': ',
  ':',
  ' ',
  '\t',
  '\0',
  '0',
  '5',
  '0\r\n\r\n',
  ',',
  ';',
  'Host: h\r\n',
  'Content-Length: ',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  'HTTP/1.1 200 OK\r\n',
  'GET ',
  '/',
  'http://h/',
  '\xff',
  '#',
  '[::1]',
  'chunked',
  'ffffffffffff',
]

/** A few random changes: bytes flipped, dropped or doubled, words put in, another input spliced on. */
export function mutate(input: Buffer, other: Buffer, roll: Dice): Buffer {
  let text = input.toString('latin1')
  for (let change = 1 + roll(4); change > 0; change--) {
    const at = roll(text.length + 1)
    const length = roll(8)
    switch (roll(5)) {
      case 0:
        text = text.slice(0, at) + String.fromCharCode(roll(256)) + text.slice(at + 1)
        break
      case 1:
        text = text.slice(0, at) + text.slice(at + length)
        break
      case 2:
        text = text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length)
        break
      case 3:
        text = text.slice(0, at) + WORDS[roll(WORDS.length)] + text.slice(at)
        break
      default:
        text = text.slice(0, at) + other.toString('latin1').slice(roll(other.length + 1))
    }
  }
  return Buffer.from(text.slice(0, 4096), 'latin1')
}
