import { expect, test } from 'vitest'
import { digest } from '../../../src/custody/canonical.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { SealOffers } from '../../../src/custody/seals/offers.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { Officers, type Person } from '../../../tools/demo/people.ts'
import { temporaryFolder } from '../folder.ts'
import { cast, ORIGIN, startAttended } from './attended.ts'
import { call } from './officers-client.ts'

const HOUR = 3_600_000

/** The first ceremony under a root file, up to the agreements. */
async function begin() {
  const { anna, ben, dora } = await cast()
  const people = [anna, ben, dora]
  const folder = temporaryFolder()
  const seals = new SealOffers([{ kind: 'file', root: fileRoot(`${folder}/root.key`) }])
  const custodian = await startAttended({ folder, seals })
  const { port } = custodian.officers
  const approvers = Object.fromEntries(
    people.map(({ name, party, ssh }) => {
      const role = party === 'trustee' ? 'officer' : 'delegate'
      return [ssh.fingerprint, { role, party, person: name, key: { kind: 'ssh', line: ssh.line } }]
    }),
  )
  const wish = { seal: 'file', origin: ORIGIN, approvers }
  const { document } = (await call(port, 'POST', '/v1/agreement', wish)).json as { document: string }
  const agree = async ({ ssh }: Person, what = document) => {
    const about = { origin: ORIGIN, expires: Date.now() + HOUR }
    const [text, signature] = ssh.decide(digest(what).toString('hex'), about)
    return await call(port, 'POST', '/v1/agreement/signatures', { text, signature })
  }
  return { anna, ben, dora, folder, seals, custodian, port, document, agree }
}

test('a root that opens without people is made once all who decide have agreed, and the log says to what', async () => {
  const { anna, ben, dora, custodian, port, document, agree } = await begin()
  expect(JSON.parse(document)).toMatchObject({ seal: 'file', unattended: true })
  expect((await agree(anna)).json).toMatchObject({ unsealed: false })
  expect((await agree(anna)).json).toMatchObject({ unsealed: false })
  expect((await agree(ben, `${document} `)).json).toMatchObject({ code: 'Unverified' })
  expect((await agree((await cast()).cem)).json).toMatchObject({ code: 'Refused' })
  expect((await agree(ben)).json).toMatchObject({ missing: [dora.ssh.fingerprint] })
  expect(custodian.custody.state).toBe('uninitialised')
  expect((await agree(dora)).json).toMatchObject({ unsealed: true })
  expect((await call(port, 'GET', '/v1/status')).json).toMatchObject({
    state: 'unsealed',
    seal: { kind: 'file', unattended: true, development: true },
  })
  const { log } = custodian.custody.opened()
  expect((await log.leaf(0)).toString()).toContain('"type":"genesis"')
  const leaves = await Promise.all(Array.from({ length: log.head.size }, (_, n) => log.leaf(n)))
  expect(leaves.some(leaf => leaf.includes('agreed') && leaf.includes('SSH SIGNATURE'))).toBe(true)
})

test('it opens by itself at each start; sealed, it takes the word of one who may decide', async () => {
  const { anna, ben, dora, custodian, folder, seals, agree } = await begin()
  for (const one of [anna, ben, dora]) await agree(one)
  await custodian.close()
  const registry = await openSqliteRegistry(`${folder}/custody.db`)
  const again = await startAttended({ folder, seals }, registry)
  expect(again.custody.state).toBe('unsealed')
  const officers = new Officers(again.officers.port, ORIGIN)
  await officers.close('seal', dora)
  expect(again.custody.state).toBe('sealed')
  const unseal = async (by: Person, act = 'unseal') =>
    (await call(officers.port, 'POST', '/v1/unseal', officers.signed(act, {}, by))).json
  expect(await unseal((await cast()).emil)).toMatchObject({ code: 'Refused' })
  expect(await unseal(ben, 'backup')).toMatchObject({ code: 'Malformed' })
  expect(again.custody.state).toBe('sealed')
  expect(await unseal(ben)).toMatchObject({ unsealed: true })
  expect(again.custody.state).toBe('unsealed')
})

test('a killed custodian does not open by itself, whatever its seal', async () => {
  const { anna, ben, dora, custodian, folder, seals, agree } = await begin()
  for (const one of [anna, ben, dora]) await agree(one)
  await custodian.custody.kill('*', 'dora', 'a drill')
  await custodian.close()
  const again = await startAttended({ folder, seals })
  expect(again.custody.state).toBe('killed')
  expect(() => again.custody.opened()).toThrow(/sealed/)
})
