import type { Dice, Target } from './target.ts'

/** Bytes on which readers stumble: ends of lines and strings, what is no UTF-8, what looks like something else. */
const OCTETS = [
  '\0',
  '\t',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '"',
  "'",
  '%',
  '%00',
  '%2F',
  '%zz',
  '+',
  '\\',
  '\x7f',
  '\x85',
  '\xa0',
  '\xc0\xaf',
  '\xed\xa0\x80',
  '\xef\xbb\xbf',
  '\xff',
]
const NUMBERS = [
  '-1',
  '0',
  '00',
  '1',
  '007',
  '10000',
  '65535',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551616',
  '1e3',
  '0x10',
  '99999999999999999999999999',
]
/** What stands between the words of the languages read here. */
const BORDER = /(?<=[\r\n\t ,;:&=/<>"'{}[\]()+.-])|(?=[\r\n\t ,;:&=/<>"'{}[\]()+.-])/

/**
 * An input with a few changes, by chance: to its bytes, its words and its numbers, with pieces of its language
 * and of another input.
 */
export function mutate(input: Buffer, other: Buffer, target: Target, roll: Dice): Buffer {
  let text = input.toString('latin1')
  const donor = other.toString('latin1')
  for (let change = 1 + roll(4); change > 0; change--) text = changed(text, donor, target, roll)
  return Buffer.from(text.slice(0, target.longest), 'latin1')
}

function changed(text: string, donor: string, { words, longest }: Target, roll: Dice): string {
  const at = roll(text.length + 1)
  const length = 1 + roll(8)
  const before = text.slice(0, at)
  switch (roll(12)) {
    case 0:
      return before + String.fromCharCode(roll(256)) + text.slice(at + 1)
    case 1:
      return before + flipped(text.slice(at, at + 1), roll) + text.slice(at + 1)
    case 2:
      return before + text.slice(at + length)
    case 3:
      return before + text.slice(at, at + length) + text.slice(at)
    case 4:
      return before + of(OCTETS, roll) + text.slice(at)
    case 5:
      return before + (of(words, roll) ?? '') + text.slice(at)
    case 6:
      return withNumber(text, at, of(NUMBERS, roll))
    case 7:
      return withWord(text, (pieces, i) => pieces.splice(i, 1, of(words, roll) ?? ''), roll)
    case 8:
      return withWord(text, (pieces, i) => pieces.splice(i, 1 + roll(3)), roll)
    case 9:
      return withWord(
        text,
        (pieces, i) => pieces.splice(i, 0, ...pieces.slice(roll(pieces.length)).slice(0, 1 + roll(6))),
        roll,
      )
    case 10:
      return before + donor.slice(roll(donor.length + 1))
    default:
      // Seldom, as it is slow: what takes more than linear time shows by its length alone.
      if (roll(32) > 0) return before
      return (
        before +
        text
          .slice(at, at + length)
          .repeat(roll(longest))
          .slice(0, longest - text.length) +
        text.slice(at)
      )
  }
}

const of = (list: readonly string[], roll: Dice): string => list[roll(list.length)] ?? ''

const flipped = (octet: string, roll: Dice): string =>
  octet === '' ? '' : String.fromCharCode(octet.charCodeAt(0) ^ (1 << roll(8)))

/** Another number in place of the first behind `at`. */
function withNumber(text: string, at: number, number: string): string {
  const found = /\d+/.exec(text.slice(at))
  if (!found) return text
  const start = at + found.index
  return text.slice(0, start) + number + text.slice(start + found[0].length)
}

function withWord(text: string, change: (pieces: string[], at: number) => void, roll: Dice): string {
  const pieces = text.split(BORDER)
  change(pieces, roll(pieces.length))
  return pieces.join('')
}
