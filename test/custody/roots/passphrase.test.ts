import { argon2Sync } from 'node:crypto'
import { expect, test } from 'vitest'
import { passphraseRoot } from '../../../src/custody/roots/passphrase.ts'
import { unwrap, wrap } from '../../../src/custody/wrap.ts'

const said = (text: string) => passphraseRoot(async () => text)
const secret = crypto.getRandomValues(new Uint8Array(32))

test('Argon2id gives the tag of RFC 9106, section 5.3', () => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  })
  expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('the same passphrase opens the same root, however its accents are composed', async () => {
  const { root, record } = await said('M\u00fcnchner Treuhand').create()
  const wrapped = await wrap(root, secret, ['test'])
  expect(await unwrap(await said('Mu\u0308nchner Treuhand').open(record), wrapped, ['test'])).toEqual(secret)
  await expect(said('Muenchner Treuhand').open(record)).rejects.toMatchObject({ code: 'WrongPassphrase' })
})

test('a short passphrase is refused', async () => {
  await expect(said('hunter2').create()).rejects.toMatchObject({ code: 'WeakPassphrase' })
})

test('a record that asks for too much or too little work is refused before any', async () => {
  const record = {
    memory: 65_536,
    passes: 3,
    parallelism: 4,
    salt: '00'.repeat(16),
    wrapped: '00'.repeat(60),
  }
  for (const change of [
    { memory: 2 ** 31 },
    { memory: 8 },
    { passes: 1000 },
    { passes: 0.5 },
    { parallelism: 0 },
  ]) {
    const opening = said('correct horse battery staple').open({ ...record, ...change })
    await expect(opening).rejects.toMatchObject({ code: 'SealRecordBroken' })
  }
})
