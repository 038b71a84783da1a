import { describe, expect, it } from 'vitest'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { beginCeremony, count, missing, noteProof } from '../../../src/custody/quorum/ceremony.ts'
import { judge } from '../../../src/custody/quorum/judge.ts'
import type { Quorum } from '../../../src/custody/quorum/quorum.ts'
import { readShare, writeShare } from '../../../src/custody/quorum/share.ts'
import { submitShare } from '../../../src/custody/quorum/submission.ts'
import { Unsealing, type UnsealingOptions } from '../../../src/custody/quorum/unsealing.ts'
import { dealTo, ROOT, TRUSTEE_AND_CUSTOMER } from './dealing.ts'

async function begin(quorum: Quorum, options: Partial<UnsealingOptions> = { judge }) {
  const clock = { now: 1_700_000_000_000 }
  const unsealing = await Unsealing.begin({ quorum, now: () => clock.now, ...options })
  return { unsealing, clock }
}

describe('unsealing', () => {
  it('gives the root once enough holders have submitted, through a process of its own', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const { unsealing } = await begin(quorum, {})
    const submit = async (name: string) =>
      await unsealing.submit(await submitShare(shares.get(name)!, 'unseal', unsealing.desk))
    expect((await submit('anna')).root).toBeUndefined()
    expect((await submit('dora')).progress.parties).toEqual([
      { name: 'trustee', needed: 2, holders: ['anna'] },
      { name: 'customer', needed: 1, holders: ['dora'] },
    ])
    const { root } = await submit('cem')
    expect(Buffer.from(root!)).toEqual(ROOT)
  })

  it('loses nothing to a bad share, and names its holder', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const { unsealing } = await begin(quorum)
    const submit = async (envelope: Buffer) =>
      await unsealing.submit(await submitShare(envelope, 'unseal', unsealing.desk))
    await submit(shares.get('anna')!)
    await submit(shares.get('dora')!)
    const share = readShare(shares.get('ben')!)
    const changed = writeShare({ ...share, bytes: Buffer.from(share.bytes.map(byte => byte ^ 1)) })
    await expect(submit(changed)).rejects.toMatchObject({
      code: 'BadShare',
      details: { party: 'trustee', holder: 'ben' },
    })
    await expect(unsealing.submit(Buffer.alloc(100))).rejects.toMatchObject({ code: 'Unverified' })
    expect(Buffer.from((await submit(shares.get('ben')!)).root!)).toEqual(ROOT)
  })

  it('does not count one holder twice', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const { unsealing } = await begin(quorum)
    for (const name of ['dora', 'anna', 'anna']) {
      const { root } = await unsealing.submit(await submitShare(shares.get(name)!, 'unseal', unsealing.desk))
      expect(root).toBeUndefined()
    }
    expect(unsealing.progress().parties[0]!.holders).toEqual(['anna'])
  })

  it('forgets a share after ten minutes', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const { unsealing, clock } = await begin(quorum)
    const submit = async (name: string) =>
      await unsealing.submit(await submitShare(shares.get(name)!, 'unseal', unsealing.desk))
    await submit('anna')
    await submit('dora')
    clock.now += 600_000
    expect((await submit('ben')).root).toBeUndefined()
    expect(unsealing.progress().parties.map(({ holders }) => holders)).toEqual([['ben'], []])
  })

  it('opens no submission of another start, another purpose, or after the root was given', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const [{ unsealing }, { unsealing: later }] = [await begin(quorum), await begin(quorum)]
    const old = await submitShare(shares.get('anna')!, 'unseal', unsealing.desk)
    await expect(later.submit(old)).rejects.toMatchObject({ code: 'Unverified' })
    const proof = await submitShare(shares.get('anna')!, 'prove', unsealing.desk)
    await expect(unsealing.submit(proof)).rejects.toMatchObject({ code: 'Unverified' })
    await expect(unsealing.prove(old)).rejects.toMatchObject({ code: 'Unverified' })
    for (const name of ['anna', 'ben', 'dora'])
      await unsealing.submit(await submitShare(shares.get(name)!, 'unseal', unsealing.desk))
    await expect(unsealing.submit(old)).rejects.toMatchObject({ code: 'Unverified' })
  })

  it('is reset by a holder alone', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const { unsealing } = await begin(quorum)
    await unsealing.submit(await submitShare(shares.get('anna')!, 'unseal', unsealing.desk))
    await expect(unsealing.reset(Buffer.alloc(64))).rejects.toMatchObject({ code: 'Unverified' })
    expect(unsealing.progress().parties[0]!.holders).toEqual(['anna'])
    const by = await unsealing.reset(await submitShare(shares.get('dora')!, 'reset', unsealing.desk))
    expect(by).toEqual({ party: 'customer', holder: 'dora' })
    expect(unsealing.progress().parties[0]!.holders).toEqual([])
  })
})

describe('a ceremony', () => {
  it('counts only when every holder has proven a share, and its root is nowhere before', async () => {
    const holders = await Promise.all(
      ['anna', 'ben'].map(async name => ({ name, ...(await generateHpkeKey()) })),
    )
    const plan = { origin: 'o', needed: 1, parties: [{ name: 'trustee', needed: 2, holders }] }
    const { ceremony, dealt } = await beginCeremony(plan, 1)
    expect(ceremony.state).toBe('dealt')
    expect(dealt.map(({ by }) => by)).toEqual(['key', 'key'])
    expect(() => count(ceremony)).toThrow(/not proven yet: trustee\/anna, trustee\/ben/)
    const one = noteProof(ceremony, { party: 'trustee', holder: 'ben' })
    expect(missing(one)).toEqual(['trustee/anna'])
    expect(noteProof(one, { party: 'trustee', holder: 'ben' }).state).toBe('dealt')
    const both = noteProof(one, { party: 'trustee', holder: 'anna' })
    expect(both.state).toBe('proven')
    expect(count(both).state).toBe('counts')
    expect(() => noteProof(count(both), { party: 'trustee', holder: 'anna' })).toThrow(/counts already/)
  })

  it('held again deals another root: shares of the two do not mix', async () => {
    const [first, second] = [await dealTo(TRUSTEE_AND_CUSTOMER), await dealTo(TRUSTEE_AND_CUSTOMER)]
    const { unsealing } = await begin(second.quorum)
    const old = await submitShare(first.shares.get('anna')!, 'unseal', unsealing.desk)
    await expect(unsealing.submit(old)).rejects.toMatchObject({ code: 'BadShare' })
  })
})
