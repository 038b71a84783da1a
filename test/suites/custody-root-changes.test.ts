import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { generateHpkeKey } from '../../src/custody/hpke.ts'
import { storedFiles } from '../../src/custody/log/files.ts'
import { verifyLog } from '../../src/custody/log/verify.ts'
import type { Dealt } from '../../src/custody/quorum/deal.ts'
import { type Desk, openShare, type Purpose, submitShare } from '../../src/custody/quorum/submission.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import { p12Root } from '../../src/custody/roots/p12.ts'
import { passphraseRoot } from '../../src/custody/roots/passphrase.ts'
import { pkcs11Root } from '../../src/custody/roots/pkcs11.ts'
import { transitRoot } from '../../src/custody/roots/transit.ts'
import { isQuorumKind, type SealOffer, SealOffers } from '../../src/custody/seals/offers.ts'
import { SealDesk } from '../../src/custody/seals/seal-desk.ts'
import { UnattendedSeal } from '../../src/custody/seals/unattended-seal.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { startTransit, type Transit } from '../../tools/transit.ts'
import { temporaryFolder } from '../custody/folder.ts'
import { govern, HOUR, ORIGIN } from '../custody/governed.ts'
import { PIN, p12File, SOFTHSM, secretFile, softHsm } from './seal-parts.ts'

/**
 * A root goes from every kind of seal to every other and back, and to another of its own kind, each with its real
 * part: tokens of SoftHSM 2, PKCS #12 files of openssl's, and the transit engine whose binary TRANSIT names.
 */
const program = process.env['TRANSIT']
const ALL = ['quorum', 'hsm+quorum', 'pkcs11', 'p12', 'passphrase', 'transit'] as const
type Kind = (typeof ALL)[number]
const KINDS = ALL.filter(kind => kind !== 'transit' || program !== undefined)

/** Labels of tokens, and names of keys of the engine. */
const TOKENS = ['first', 'second', 'third']
let transit: Transit | undefined

beforeAll(async () => {
  await softHsm(TOKENS)
  if (program === undefined) return
  transit = await startTransit(program)
  for (const key of TOKENS) await transit.makeKey(key)
})
afterAll(() => transit?.stop())

test.each(KINDS)(
  'a root under %s goes under another of that kind, and to the others and back',
  async kind => {
    const others = KINDS.slice(KINDS.indexOf(kind) + 1)
    const way = [kind, kind, ...others.flatMap(other => [other, kind])]
    const custodian = await ground()
    for (const [step, next] of way.entries()) await custodian.changeTo(next, step % TOKENS.length)
    await custodian.opens()
  },
)

/** A seal with a part of its own: the part's number tells it from others of its kind. */
async function sealOf(kind: Kind, number: number): Promise<SealOffer> {
  const hsm = () => pkcs11Root({ library: SOFTHSM, token: TOKENS[number]!, pinFile: secretFile(PIN) })
  switch (kind) {
    case 'quorum':
      return { kind }
    case 'hsm+quorum':
      return { kind, hsm: hsm() }
    case 'pkcs11':
      return { kind, root: hsm() }
    case 'p12': {
      const file = await p12File('our passphrase')
      return { kind, root: p12Root(file, async () => 'our passphrase') }
    }
    case 'passphrase':
      return { kind, root: passphraseRoot(async () => `correct horse battery ${number}`) }
    case 'transit': {
      const { address, tokenFile } = transit!
      return { kind, root: transitRoot({ address, mount: 'transit', key: TOKENS[number]!, tokenFile }) }
    }
  }
}

/** Two holders, and how they bring what they were dealt. */
async function holders() {
  const keys = await Promise.all(['ben', 'cem'].map(async name => ({ name, ...(await generateHpkeKey()) })))
  const holder = ({ name, publicKey }: (typeof keys)[number]) => ({
    name,
    publicKey: publicKey.toString('base64url'),
  })
  const plan = { needed: 1, parties: [{ name: 'trustee', needed: 2, holders: keys.map(holder) }] }
  const bring = async (desk: SealDesk, dealt: readonly Dealt[], purpose: Purpose, at: Desk) => {
    for (const { name, privateKey } of keys) {
      const share = dealt.find(one => one.holder === name)!
      if (share.by !== 'key') throw new Error('on paper')
      const about = { origin: ORIGIN, set: at.set, party: 'trustee', holder: name }
      const envelope = await openShare(share.sealed, privateKey, about)
      await desk.submit(purpose, await submitShare(envelope, purpose, at), at.set)
    }
  }
  return { plan, bring }
}

/** A seal that is in force, and how those who may open it do. */
interface InForce {
  readonly offer: SealOffer
  open(by: { readonly desk: SealDesk; readonly unattended: UnattendedSeal }): Promise<void>
}

/** A custodian with keys, under a root file. */
async function ground() {
  const folder = temporaryFolder()
  const registry = await openSqliteRegistry(`${folder}/custody.db`)
  onTestFinished(() => registry.close())
  const clock = { now: Date.UTC(2026, 10, 2) }
  const first: SealOffer = { kind: 'file', root: fileRoot(`${folder}/root.key`) }
  const { people, open, custody } = await govern({ folder, registry, now: () => clock.now })
  await open()
  const keyOf = async (of: typeof custody) =>
    (await of.opened().groupKeys.current('acme', 'photos', clock.now))[0]!
  const { key, id } = await keyOf(custody)
  custody.close()

  let inForce: InForce = { offer: first, open: ({ unattended }) => unattended.openAtStart() }

  /** The custodian as it starts with a configuration that offers these seals. */
  const start = async (...offers: SealOffer[]) => {
    const seals = new SealOffers(offers)
    const governed = await govern({ folder, registry, people, seals, now: () => clock.now })
    const { custody } = governed
    return { ...governed, desk: new SealDesk(custody, seals), unattended: new UnattendedSeal(custody, seals) }
  }
  const seal = () =>
    registry.database.selectFrom('seal').select(['kind', 'record', 'canary']).executeTakeFirstOrThrow()

  /** Starts it as whoever may open the seal in force does, and looks whether everything opens by it. */
  const opened = async (...next: SealOffer[]) => {
    const running = await start(inForce.offer, ...next)
    await inForce.open(running)
    expect(await keyOf(running.custody)).toMatchObject({ key, id })
    const { verifier, head } = running.custody.opened().log
    const verified = await verifyLog(storedFiles(running.custody.logStore), { log: verifier })
    expect(verified.size).toBe(head.size)
    return running
  }

  return {
    async opens(): Promise<void> {
      const { custody } = await opened()
      custody.close()
    },

    async changeTo(kind: Kind, number: number): Promise<void> {
      const offer = await sealOf(kind, number)
      const { custody, desk, governance, approved } = await opened(offer)
      const before = { ...inForce, row: await seal() }
      const { plan, bring } = await holders()
      const proposal = await approved('change-seal', {
        tenant: '*',
        target: Buffer.from(before.row.canary).readUIntBE(0, 6),
        params: { seal: kind, plan: isQuorumKind(kind) ? plan : null },
      })
      clock.now += 24 * HOUR
      expect((await governance.proposals.execute(proposal)).body).toMatchObject({ state: 'done' })
      inForce = { offer, open: ({ unattended }) => unattended.openAtStart() }
      if (isQuorumKind(kind)) {
        const dealt = await desk.deal('anna')
        const { coming } = await desk.desk()
        await bring(desk, dealt, 'prove', coming!)
        await bring(desk, dealt, 'unseal', coming!)
        inForce = { offer, open: async ({ desk }) => await bring(desk, dealt, 'unseal', await desk.desk()) }
      }
      expect((await keyOf(custody)).key).toEqual(key)
      custody.close()
      await expectToOpenNothing(before)
    },
  }

  /** Not by its own configuration, nor by whoever puts its record back into the registry. */
  async function expectToOpenNothing(
    old: InForce & { row: Awaited<ReturnType<typeof seal>> },
  ): Promise<void> {
    const renewed = await seal()
    for (const row of [renewed, old.row]) {
      await registry.database.updateTable('seal').set(row).execute()
      const started = await start(old.offer)
      await old.open(started).catch(error => expect(error).toMatchObject({ name: 'CustodyError' }))
      expect(started.custody.state).toBe('sealed')
      started.custody.close()
    }
    await registry.database.updateTable('seal').set(renewed).execute()
  }
}
