import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { adoptMirror } from '../../../src/custody/backup/adopt-mirror.ts'
import { makeBackup } from '../../../src/custody/backup/backup.ts'
import { mirroredFiles, storedFiles } from '../../../src/custody/log/files.ts'
import { pullMirror } from '../../../src/custody/log/mirror.ts'
import { signerOf } from '../../../src/custody/log/note.ts'
import { verifyLog } from '../../../src/custody/log/verify.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../folder.ts'
import { govern, HOUR, ORIGIN } from '../governed.ts'
import { addTenant, ground } from './ground.ts'

const NEXT = `${ORIGIN}/2`

/** A registry restored from a backup that lacks what the witness has seen; the customer's witness knows the next log. */
async function behind() {
  const held = await ground()
  const { custodian, target, witness, keyOf, restored } = held
  const before = await keyOf(custodian, 'photos')
  const { file } = await makeBackup(custodian.custody, target, 'a test')
  await addTenant(custodian.custody, 'later')
  await held.pull()
  const next = signerOf(NEXT, 1, custodian.custody.opened().log.signer.privateKey)
  await custodian.close()
  const lost = await restored(file, false)
  return { ...held, lost, before, next, know: () => witness.know(next) }
}

test('a loss is accepted by people in a log of its own that names both heads, and keys open again', async () => {
  const { lost, before, next, know, keyOf, clock } = await behind()
  const { custody, open } = lost
  await expect(open()).rejects.toMatchObject({ code: 'Restored', message: expect.stringContaining(NEXT) })
  know()
  await expect(open()).rejects.toMatchObject({ code: 'Restored' })
  expect(custody.state).toBe('restored')
  expect(() => custody.opened('acme')).toThrow(/restored/)
  await expect(lost.approved('loosen', { params: {} })).rejects.toMatchObject({ name: 'CustodyError' })

  const id = await lost.approved('accept-loss', { tenant: '*' })
  await expect(lost.governance.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
  expect(custody.state).toBe('restored')
  clock.ahead = 25 * HOUR
  await custody.deciding().witnessing.round()
  expect((await lost.governance.proposals.execute(id)).body.state).toBe('done')
  expect(custody.state).toBe('unsealed')
  expect(custody.origin).toBe(NEXT)
  expect((await keyOf({ custody }, 'photos')).key).toEqual(before.key)

  const mirror = mirroredFiles(temporaryFolder())
  await custody.opened().witnessing.round()
  await pullMirror(storedFiles(custody.logStore), mirror, { log: next })
  const heard: string[] = []
  await verifyLog(mirror, { log: next }, [], ({ type, body }) => {
    if (type === 'restore' || type === 'loss-accepted')
      heard.push(type, String(body['ours']), String(body['theirs']))
  })
  expect(heard[0]).toBe('restore')
  expect(heard[3]).toBe('loss-accepted')
  expect(heard.filter(text => text.includes(`${ORIGIN}\n`))).toHaveLength(4)
})

test('a forked registry goes on the same way, also over a restart', async () => {
  const { under, custodian, witness, clock } = await ground()
  const next = signerOf(NEXT, 1, custodian.custody.opened().log.signer.privateKey)
  witness.know(next)
  const file = `${temporaryFolder()}/custody.db`
  await sql`vacuum into ${sql.lit(file)}`.execute(custodian.registry.database)
  await addTenant(custodian.custody, 'later')
  await custodian.custody.opened().witnessing.round()
  await custodian.close()

  const forked = await govern({ ...under, registry: await openSqliteRegistry(file) })
  await expect(forked.open()).rejects.toMatchObject({ code: 'Forked' })
  await forked.approved('accept-loss', { tenant: '*' })
  await forked.close()
  const again = await govern({ ...under, registry: await openSqliteRegistry(file) })
  await expect(again.open()).rejects.toMatchObject({ code: 'Forked' })
  const [{ id } = { id: '' }] = await again.custody.deciding().records.all('proposal')
  clock.ahead = 25 * HOUR
  await again.custody.deciding().witnessing.round()
  expect((await again.governance.proposals.execute(id)).body.state).toBe('done')
  expect(again.custody.state).toBe('unsealed')
})

test('a mirror found while people decide brings back what was missing, and the decision is forgotten', async () => {
  const { lost, log, mirror, know, under, witness } = await behind()
  know()
  await expect(lost.open()).rejects.toMatchObject({ code: 'Restored' })
  await lost.approved('accept-loss', { tenant: '*' })
  const { registry } = lost
  lost.custody.close()
  await adoptMirror(registry, mirror, { log, witness: witness.client.verifier })
  const found = await govern({ ...under, registry })
  await found.open()
  expect(found.custody.origin).toBe(ORIGIN)
  const { records } = found.custody.opened()
  expect(await records.find('tenant', 'later')).toBeDefined()
  expect(await records.all('proposal')).toEqual([])
})
