import { expect, test } from 'vitest'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import type { Dealt } from '../../../src/custody/quorum/deal.ts'
import { type Desk, openShare, type Purpose, submitShare } from '../../../src/custody/quorum/submission.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { rotateKek } from '../../../src/custody/rotate-kek.ts'
import { SealOffers } from '../../../src/custody/seals/offers.ts'
import { SealDesk } from '../../../src/custody/seals/seal-desk.ts'
import { unseal } from '../../../src/custody/unseal.ts'
import { temporaryFolder } from '../folder.ts'
import { govern, HOUR, ORIGIN } from '../governed.ts'

const DAY = 24 * HOUR

/** A custodian under a root file, which may go under shares or another file. */
async function ground() {
  const folder = temporaryFolder()
  const seals = new SealOffers([
    { kind: 'file', root: fileRoot(`${folder}/root.key`) },
    { kind: 'quorum' },
    { kind: 'file', root: fileRoot(`${folder}/next.key`) },
  ])
  const governed = await govern({ folder, seals })
  await governed.open()
  const { custody } = governed
  const desk = new SealDesk(custody, seals)
  const keyOf = async (bucket: string) =>
    (await custody.opened().groupKeys.current('acme', bucket, custody.now()))[0]!
  const target = async () => {
    const { canary } = await custody.registry.database
      .selectFrom('seal')
      .select('canary')
      .executeTakeFirstOrThrow()
    return Buffer.from(canary).readUIntBE(0, 6)
  }
  const change = async (seal: string, plan: object | null) =>
    await governed.pass(
      'change-seal',
      { tenant: '*', target: await target(), params: { seal, plan } as never },
      DAY,
    )
  return { ...governed, folder, seals, desk, keyOf, target, change }
}

/** Two holders of one party, with their keys. */
async function holders(names: readonly string[]) {
  const keys = await Promise.all(names.map(async name => ({ name, ...(await generateHpkeKey()) })))
  const plan = {
    needed: 1,
    parties: [
      {
        name: 'trustee',
        needed: 2,
        holders: keys.map(({ name, publicKey }) => ({ name, publicKey: publicKey.toString('base64url') })),
      },
    ],
  }
  /** Brings everybody's share. @returns the last answer */
  const bring = async (desk: SealDesk, dealt: readonly Dealt[], purpose: Purpose, at: Desk) => {
    let answer: Awaited<ReturnType<SealDesk['submit']>> | undefined
    for (const { name, privateKey } of keys) {
      const share = dealt.find(({ holder }) => holder === name)!
      if (share.by !== 'key') throw new Error('on paper')
      const about = { origin: ORIGIN, set: at.set, party: 'trustee', holder: name }
      const envelope = await openShare(share.sealed, privateKey, about)
      answer = await desk.submit(purpose, await submitShare(envelope, purpose, at), at.set)
    }
    return answer!
  }
  return { plan, bring }
}

test('a root under a file goes under shares, which count once they are proven and brought', async () => {
  const { custody, desk, keyOf, change, registry, folder, open } = await ground()
  const before = await keyOf('photos')
  const { plan, bring } = await holders(['ben', 'cem'])
  await expect(desk.deal('anna')).rejects.toMatchObject({ code: 'Refused' })
  expect((await change('quorum', plan)).body.state).toBe('done')
  const dealt = await desk.deal('anna')
  const coming = (await desk.desk()).coming!
  await expect(bring(desk, dealt, 'unseal', coming)).rejects.toMatchObject({ code: 'Refused' })
  expect(await bring(desk, dealt, 'prove', coming)).toMatchObject({ missing: [] })
  expect(await keyOf('photos')).toEqual(before)
  expect(await bring(desk, dealt, 'unseal', coming)).toMatchObject({ changed: true })
  expect(await keyOf('photos')).toEqual(before)
  expect(await keyOf('films')).toMatchObject({ state: 'active' })

  // The file opens nothing any more; the shares do.
  await custody.seal('anna', 'a test')
  await expect(open()).rejects.toMatchObject({ code: 'SealMismatch' })
  await registry.database.updateTable('seal').set({ kind: 'file' }).execute()
  await expect(unseal(registry, fileRoot(`${folder}/root.key`), 0)).rejects.toMatchObject({
    code: 'RootKeyChanged',
  })
  await registry.database.updateTable('seal').set({ kind: 'quorum' }).execute()
  expect(await bring(desk, dealt, 'unseal', await desk.desk())).toMatchObject({ unsealed: true })
  expect(await keyOf('photos')).toEqual(before)
})

test('shares dealt anew make the old ones void, before and after they count', async () => {
  const { desk, change, keyOf, custody } = await ground()
  const [first, second] = [await holders(['ben', 'cem']), await holders(['cem', 'dan'])]
  await change('quorum', first.plan)
  const lost = await desk.deal('anna')
  const lostDesk = (await desk.desk()).coming!
  await first.bring(desk, lost, 'prove', lostDesk)
  const old = await desk.deal('anna')
  await expect(first.bring(desk, lost, 'unseal', lostDesk)).rejects.toMatchObject({ code: 'BadShare' })
  const oldDesk = (await desk.desk()).coming!
  await first.bring(desk, old, 'prove', oldDesk)
  await first.bring(desk, old, 'unseal', oldDesk)
  const before = await keyOf('photos')

  await change('quorum', second.plan)
  const renewed = await desk.deal('anna')
  const { coming } = await desk.desk()
  await second.bring(desk, renewed, 'prove', coming!)
  expect(await second.bring(desk, renewed, 'unseal', coming!)).toMatchObject({ changed: true })
  expect(await keyOf('photos')).toEqual(before)
  await custody.seal('anna', 'a test')
  const now = await desk.desk()
  await expect(first.bring(desk, old, 'unseal', oldDesk)).rejects.toMatchObject({ code: 'BadShare' })
  expect(now.coming).toBeUndefined()
  expect(await second.bring(desk, renewed, 'unseal', now)).toMatchObject({ unsealed: true })
})

test('a root without holders is changed when its proposal is carried out, and once', async () => {
  const { change, keyOf, registry, folder, custody, governance } = await ground()
  const before = await keyOf('photos')
  const done = await change('file', null)
  expect(done.body).toMatchObject({ state: 'done' })
  expect(await keyOf('photos')).toEqual(before)
  await expect(unseal(registry, fileRoot(`${folder}/root.key`), 0)).rejects.toMatchObject({
    code: 'RootKeyChanged',
  })
  await unseal(registry, fileRoot(`${folder}/next.key`), 0)
  const { size } = custody.opened().log.head
  await expect(governance.proposals.execute(done.id)).rejects.toMatchObject({ code: 'Conflict' })
  expect(custody.opened().log.head.size).toBe(size)
})

test('keys made and KEKs rotated while the root changes all open afterwards', async () => {
  const { change, keyOf, custody, registry, folder } = await ground()
  const buckets = Array.from({ length: 20 }, (_, n) => `bucket-${n}`)
  const { keks } = custody.opened()
  const tenants = Array.from({ length: 20 }, (_, n) => `tenant-${n}`)
  const make = async (tenant: string) => {
    // One that meets the change is told to ask again.
    for (;;) {
      try {
        return await custody.opened().groupKeys.current(tenant, 'b', custody.now())
      } catch (error) {
        if ((error as { code?: string }).code !== 'Conflict') throw error
      }
    }
  }
  const [, made, , others] = await Promise.all([
    change('file', null),
    Promise.all(buckets.map(keyOf)),
    rotateKek(registry, keks, 'acme', custody.now()),
    Promise.all(tenants.map(make)),
  ])
  custody.close()
  const again = await govern({ registry, folder })
  const next = await unseal(registry, fileRoot(`${folder}/next.key`), 0)
  await again.custody.unseal(next, 'file')
  const { groupKeys } = again.custody.opened()
  const now = again.custody.now()
  expect(await Promise.all(buckets.map(async b => (await groupKeys.current('acme', b, now))[0]))).toEqual(
    made,
  )
  expect(await Promise.all(tenants.map(t => groupKeys.current(t, 'b', now)))).toEqual(others)
})

test('a seal that the configuration does not offer, or a plan that one person opens, cannot be proposed', async () => {
  const { document, governance, people, target } = await ground()
  const propose = async (seal: string, plan: object | null) => {
    const text = document('change-seal', {
      tenant: '*',
      target: await target(),
      params: { seal, plan } as never,
    })
    return await governance.proposals.propose(Buffer.from(text), people.anna.fingerprint)
  }
  await expect(propose('transit', null)).rejects.toMatchObject({ code: 'Refused' })
  await expect(propose('quorum', null)).rejects.toMatchObject({ code: 'Malformed' })
  const one = { needed: 1, parties: [{ name: 'trustee', needed: 1, holders: [{ name: 'ben' }] }] }
  await expect(propose('quorum', one)).rejects.toMatchObject({ code: 'Malformed' })
})
