import { execFileSync, spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { Dek } from '../../src/seal/dek.ts'
import { PartOpener, partData, partHeader } from '../../src/seal/part.ts'
import { tinkProgram } from '../../tools/go-programs.ts'
import { bytes, ENGINES, newHeader, sealPart } from '../seal/fixture.ts'

const LENGTHS = [0, 1, 65_480, 65_481, 131_000, 131_001, 1_000_000]
const NUMBER = 7

let tink: string
beforeAll(async () => {
  tink = await tinkProgram()
})

describe.each(ENGINES)("Google's Tink for Go, against the $name engine", engine => {
  const dek = new Dek(engine, bytes('dek', 32))
  const keyAndData = [dek.partKey(), partData(NUMBER)].map(value => Buffer.from(value).toString('hex'))

  test.each(LENGTHS)('opens a part of %i bytes', length => {
    const plain = bytes('plain', length)
    const input = sealPart(dek, newHeader('part'), NUMBER, plain)
    expect(execFileSync(tink, ['open', ...keyAndData], { input, maxBuffer: 2 ** 24 }).equals(plain)).toBe(
      true,
    )
  })

  test.each(LENGTHS)('seals a part of %i bytes that opens', length => {
    const plain = bytes('plain', length)
    const sealed = execFileSync(tink, ['seal', ...keyAndData], { input: plain, maxBuffer: 2 ** 24 })
    const opener = new PartOpener(dek, partHeader(sealed.subarray(1, 40)), NUMBER, length)
    const opened = Array.from({ length: opener.segments }, (_, index) => {
      const start = index * 65_536
      return opener.openSegment(
        index,
        Buffer.from(sealed.subarray(start, start + opener.segmentLength(index))),
      )
    })
    expect(Buffer.concat(opened).equals(plain)).toBe(true)
  })

  test('does not open a part that was changed', () => {
    const input = sealPart(dek, newHeader('part'), NUMBER, bytes('plain', 100_000))
    input[80_000]! ^= 1
    expect(spawnSync(tink, ['open', ...keyAndData], { input }).status).toBe(1)
  })
})
