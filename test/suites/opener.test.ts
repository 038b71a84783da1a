import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MIN_PART } from '../../src/seal/lengths.ts'
import type { StoredHeaders } from '../../src/seal/metadata.ts'
import { pythonProgram } from '../../tools/python.ts'
import { shake128 } from '../../tools/seal-vectors.ts'
import { bytes, ENGINES, NAME, type SealedObject, sealMultipart, sealSingle } from '../seal/fixture.ts'
import { sealHead } from '../seal/head.ts'
import objects from '../vectors/seal/objects.json' with { type: 'json' }
import refused from '../vectors/seal/refused.json' with { type: 'json' }

const OPENER = join(import.meta.dirname, '..', '..', 'opener', 'treuhand_open.py')
const folder = mkdtempSync(join(tmpdir(), 'treuhand-opener-'))

let python: string
beforeAll(async () => {
  python = await pythonProgram('python')
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Stored {
  readonly tenant: string
  readonly bucket: string
  readonly key: string
  readonly groupKey: { readonly id: string; readonly key: string }
  readonly customerHalf?: string | undefined
  readonly stored: StoredHeaders
}

/** What the opener says of a stored object, and the plaintext it wrote. */
function open(object: Stored, payload: Uint8Array) {
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const { id, key } = object.groupKey
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
  const names = { tenant: object.tenant, bucket: object.bucket, epoch: '2026-11' }
  const keys = { format: 'treuhand-keys/v1', keys: [{ id, ...names, key: base64(key) }] }
  const out = join(folder, 'out')
  rmSync(out, { force: true })
  const { status, stdout, stderr } = spawnSync(
    python,
    [
      OPENER,
      ...['--keys', file('keys.json', JSON.stringify(keys))],
      ...['--tenant', object.tenant, '--bucket', object.bucket, `--key=${object.key}`],
      ...['--head', file('head.json', JSON.stringify(object.stored)), '--payload', file('payload', payload)],
      ...[
        '--out',
        out,
        ...(object.customerHalf ? ['--half', file('half', base64(object.customerHalf))] : []),
      ],
    ],
    { encoding: 'utf8' },
  )
  const plain = existsSync(out) ? readFileSync(out) : undefined
  return { status, stderr, plain, metadata: status === 0 ? JSON.parse(stdout) : undefined }
}

describe('the opener in Python', () => {
  test.each(objects.objects.filter(object => 'hex' in object.payload))('opens the vector "$name"', vector => {
    const { plain, metadata, stderr } = open(
      vector as unknown as Stored,
      Buffer.from(vector.payload.hex!, 'hex'),
    )
    expect(stderr).toBe('')
    const expected = vector.parts.map(part => shake128(part.plaintext.shake128, part.plaintext.length))
    expect(plain?.equals(Buffer.concat(expected))).toBe(true)
    const headers = vector.metadata.headers.map(([name, hex]) => [
      name,
      Buffer.from(hex!, 'hex').toString('latin1'),
    ])
    expect(metadata).toMatchObject({ headers, writtenAt: vector.metadata.writtenAt })
    if (vector.summary.md5)
      expect(metadata.md5).toBe(Buffer.from(vector.summary.md5, 'hex').toString('base64'))
  })

  test.each(refused.objects)('refuses the vector "$name", and leaves no file', vector => {
    const { status, stderr, plain } = open(vector as Stored, Buffer.from(vector.payload, 'hex'))
    expect(status).toBe(1)
    // A changed group-key id names a key that the export does not hold.
    expect(stderr).toMatch(vector.name.includes('group-key id') ? /holds no group key/ : /does not open/)
    expect(plain).toBeUndefined()
  })

  test.each(ENGINES)('opens what the $name engine sealed: every border, single and multipart', engine => {
    const metadata = { headers: [['content-type', 'text/plain'] as const], writtenAt: 1_790_000_000_000 }
    const nonces = { envelope: bytes('e', 24), metadata: bytes('m', 24) }
    const groupKey = {
      id: bytes('group key id', 16).toString('hex'),
      key: bytes('group key', 32).toString('hex'),
    }
    const opened = (object: SealedObject, size?: number) => {
      const described = { ...metadata, ...(size !== undefined && { size }) }
      const stored = sealHead(object.dek, object.key, NAME, object.envelope, described, nonces)
      return open({ ...NAME, groupKey, stored }, object.stored).plain
    }
    for (const size of [1, 65_479, 65_480, 65_481, 131_000, 131_001, 3_000_000]) {
      const plain = bytes('plain', size)
      expect(opened(sealSingle(engine, plain), size)?.equals(plain), `${size} bytes`).toBe(true)
    }
    for (const sizes of [[5], [MIN_PART, 1], [MIN_PART + 1, MIN_PART, 65_481], [MIN_PART, 0]]) {
      const plains = sizes.map((size, i) => ({ number: 2 * i + 1, plain: bytes(`part ${i}`, size) }))
      const whole = Buffer.concat(plains.map(part => part.plain))
      expect(opened(sealMultipart(engine, plains))?.equals(whole), `parts of ${sizes}`).toBe(true)
    }
  })

  test('says that an object was not sealed, and that a key is missing', () => {
    const vector = objects.objects[1] as unknown as Stored
    expect(open({ ...vector, stored: { metadata: {} } }, new Uint8Array(1)).stderr).toContain(
      'was not sealed',
    )
    const groupKey = { ...vector.groupKey, id: '00'.repeat(16) }
    expect(open({ ...vector, groupKey }, new Uint8Array(1)).stderr).toContain('holds no group key')
  })
})
