import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sealKey, writeKeyExport } from '../../src/custody/export/key-export.ts'
import { generateHpkeKey } from '../../src/custody/hpke.ts'
import { signer, verifierKey } from '../../src/custody/log/note.ts'
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

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** A group key as an export holds it once it was opened. */
function plainKeys({ groupKey: { id, key }, tenant, bucket }: Stored): string {
  const names = { tenant, bucket, epoch: '2026-11' }
  return JSON.stringify({ format: 'treuhand-keys/v1', keys: [{ id, ...names, key: base64(key) }] })
}

/** What the opener says of a stored object, and the plaintext it wrote. */
function open(object: Stored, payload: Uint8Array, keys = plainKeys(object), more: readonly string[] = []) {
  const out = join(folder, 'out')
  rmSync(out, { force: true })
  const { status, stdout, stderr } = spawnSync(
    python,
    [
      OPENER,
      ...['--keys', file('keys.json', keys)],
      ...more,
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

  test('opens a signed export with the key of its recipient, and believes no other', async () => {
    const vector = objects.objects.find(
      one => 'hex' in one.payload && !('customerHalf' in one),
    ) as unknown as Stored & { payload: { hex: string } }
    const payload = Buffer.from(vector.payload.hex, 'hex')
    const log = signer('trustee.example/log', 1, bytes('log', 32))
    const [own, other] = [await generateHpkeKey(), await generateHpkeKey()]
    const about = { id: Buffer.from(vector.groupKey.id, 'hex'), bucket: vector.bucket, epoch: '2026-11' }
    const key = Buffer.from(vector.groupKey.key, 'hex')
    const write = async (split: boolean) =>
      writeKeyExport(
        {
          ...{ origin: log.name, made: 1_790_000_000_000, tenant: vector.tenant, split, proposal: null },
          recipient: own.publicKey.toString('base64url'),
          keys: [await sealKey(log.name, vector.tenant, about, key, own.publicKey)],
        },
        log,
      )
    const exported = await write(false)
    const mine = ['--recipient', file('own', own.privateKey.toString('base64url'))]
    const theirs = ['--recipient', file('other', other.privateKey.toString('base64url'))]
    const trusted = ['--log', verifierKey(log)]
    const opened = open(vector, payload, exported, [...mine, ...trusted])
    expect(opened.stderr).toBe('')
    expect(opened.plain?.equals(open(vector, payload).plain!)).toBe(true)

    const refusals: [string, readonly string[], RegExp][] = [
      [exported, [], /give the recipient's private key/],
      [exported, [...theirs, ...trusted], /another recipient/],
      [exported.replace('2026-11', '2026-12'), [...mine, ...trusted], /not signed/],
      [exported, [...mine, '--log', verifierKey(signer(log.name, 1, bytes('another', 32)))], /not signed/],
      [exported.replace('2026-11', '2026-12'), mine, /does not open/],
      [await write(true), [...mine, ...trusted], /is split/],
    ]
    for (const [keys, flags, why] of refusals) {
      const { status, stderr, plain } = open(vector, payload, keys, flags)
      expect([status, plain]).toEqual([1, undefined])
      expect(stderr).toMatch(why)
    }
  })
})
