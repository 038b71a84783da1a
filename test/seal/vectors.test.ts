import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import type { StoredHeaders } from '../../src/seal/metadata.ts'
import { PayloadOpener } from '../../src/seal/payload.ts'
import { WrappingKey } from '../../src/seal/wrapping-key.ts'
import { sealVectors, shake128 } from '../../tools/seal-vectors.ts'
import objects from '../vectors/seal/objects.json' with { type: 'json' }
import refused from '../vectors/seal/refused.json' with { type: 'json' }
import { ENGINES } from './fixture.ts'
import { openHead } from './head.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('the sealer makes the committed vectors, byte for byte', () => {
  const folder = join(import.meta.dirname, '..', 'vectors', 'seal')
  for (const [name, content] of Object.entries(sealVectors())) {
    // Not compared by `expect`: the difference would fill the screen.
    expect(readFileSync(join(folder, name), 'utf8') === content, `${name} differs`).toBe(true)
  }
})

interface Named {
  readonly tenant: string
  readonly bucket: string
  readonly key: string
  readonly groupKey: { readonly id: string; readonly key: string }
  readonly customerHalf?: string
  readonly stored: StoredHeaders
}

describe.each(ENGINES)('on the $name engine', engine => {
  function open(vector: Named, payload: Buffer) {
    const { id, key: groupKey } = vector.groupKey
    const key = vector.customerHalf
      ? WrappingKey.split(engine, hex(id), hex(groupKey), hex(vector.customerHalf))
      : WrappingKey.whole(engine, hex(id), hex(groupKey))
    const head = openHead(vector.stored, key, vector, payload)
    if (head.layout === undefined) return { head, plain: Buffer.alloc(0) }
    const opener = new PayloadOpener(head.dek, head.layout)
    const plain = Buffer.concat(opener.open(Buffer.from(payload.subarray(0, opener.stored.last + 1))))
    if (!opener.done) throw new Error('not all was opened')
    return { head, plain, summary: 'summary' in head ? head.summary : opener.summary }
  }

  test.each(objects.objects.filter(object => 'hex' in object.payload))('opens the vector "$name"', vector => {
    const { head, plain, summary } = open(vector as unknown as Named, hex(vector.payload.hex!))
    const expected = vector.parts.map(part => shake128(part.plaintext.shake128, part.plaintext.length))
    expect(plain.equals(Buffer.concat(expected))).toBe(true)
    const headers = head.metadata.headers.map(([name, value]) => [
      name,
      Buffer.from(value, 'latin1').toString('hex'),
    ])
    expect(headers).toEqual(vector.metadata.headers)
    expect(head.metadata.writtenAt).toBe(vector.metadata.writtenAt)
    if (vector.summary.md5) expect(Buffer.from(summary!.md5!).toString('hex')).toBe(vector.summary.md5)
  })

  test.each(refused.objects)('refuses the vector "$name"', vector => {
    expect(() => open(vector as Named, hex(vector.payload))).toThrow(DoesNotOpen)
  })
})

test('the vectors hold no two equal payloads, so none is tested twice', () => {
  const seen = refused.objects.map(vector => sha256(Buffer.from(JSON.stringify({ ...vector, name: '' }))))
  expect(new Set(seen).size).toBe(seen.length)
})
