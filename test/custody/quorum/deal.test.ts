import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineShares, knowShare } from '../../../src/custody/quorum/combine.ts'
import { deal } from '../../../src/custody/quorum/deal.ts'
import { checkPlan, personsNeeded, type Quorum, type QuorumPlan } from '../../../src/custody/quorum/quorum.ts'
import { readShare, writeShare } from '../../../src/custody/quorum/share.ts'
import { checkWords, readShareText, shareText } from '../../../src/custody/quorum/share-text.ts'
import { dealTo, ROOT, TRUSTEE_AND_CUSTOMER } from './dealing.ts'

const together = (quorum: Quorum, shares: readonly Buffer[]) =>
  combineShares(
    shares.map(share => knowShare(share, quorum)),
    quorum,
  )
const pick = (shares: Map<string, Buffer>, ...names: string[]) => names.map(name => shares.get(name)!)
const party = (needed: number, ...holders: string[]) => ({
  name: `party of ${holders[0]}`,
  needed,
  holders: holders.map(name => ({ name })),
})
const plan = (needed: number, ...parties: QuorumPlan['parties']): QuorumPlan => ({
  origin: 'o',
  needed,
  parties,
})

describe('a quorum', () => {
  it('opens the root with 2 of 3 trustees and 1 of 2 customers, and with nobody less', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    for (const enough of [
      ['anna', 'ben', 'dora'],
      ['cem', 'anna', 'emil'],
      ['ben', 'cem', 'dora', 'emil', 'anna'],
    ])
      expect(Buffer.from((await together(quorum, pick(shares, ...enough)))!)).toEqual(ROOT)
    for (const few of [['anna', 'ben', 'cem'], ['dora', 'emil'], ['anna', 'dora', 'emil'], []])
      expect(await together(quorum, pick(shares, ...few))).toBeUndefined()
  })

  it('opens whatever its shape: any parties, any thresholds', async () => {
    const shapes = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
        .map(([needed, more]) => ({ needed, more })),
      { minLength: 2, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async (parties, n) => {
        const needed = 2 + (n % (parties.length - 1))
        const plan: QuorumPlan = {
          origin: 'o',
          needed,
          parties: parties.map(({ needed, more }, i) => ({
            name: `p${i}`,
            needed,
            holders: Array.from({ length: needed + more }, (_, j) => ({ name: `h${i}.${j}` })),
          })),
        }
        const { quorum, dealt } = await deal(ROOT, plan)
        const envelopes = dealt.flatMap(share => (share.by === 'paper' ? [share.envelope] : []))
        expect(Buffer.from((await together(quorum, envelopes))!)).toEqual(ROOT)
        const first = plan.parties.slice(0, needed - 1).map(({ name }) => name)
        const few = envelopes.filter(envelope => first.includes(readShare(envelope).party))
        expect(await together(quorum, few)).toBeUndefined()
      }),
      { numRuns: process.env['SLOW'] ? 200 : 12 },
    )
  })

  it('of one party takes two persons, unless it is for development', () => {
    expect(() => checkPlan(plan(1, party(1, 'a', 'b')))).toThrow(/one person alone/)
    expect(() => checkPlan(plan(1, party(1, 'a')), true)).not.toThrow()
    expect(() => checkPlan(plan(1, party(2, 'a', 'b')))).not.toThrow()
    expect(personsNeeded(plan(2, party(2, 'a', 'b'), party(1, 'c'), party(3, 'd', 'e', 'f')))).toBe(3)
  })

  it('of zero, of one party among several, of more than there are, of one person twice is refused', () => {
    for (const bad of [
      plan(0, party(2, 'a', 'b')),
      plan(1, party(2, 'a', 'b'), party(2, 'c', 'd')),
      plan(3, party(2, 'a', 'b'), party(2, 'c', 'd')),
      plan(1, party(0, 'a', 'b')),
      plan(1, party(3, 'a', 'b')),
      plan(2, party(1, 'a', 'b'), party(1, 'a')),
      plan(1.5, party(1, 'a'), party(1, 'b')),
      plan(1),
    ])
      expect(() => checkPlan(bad), JSON.stringify(bad)).toThrow()
  })

  it('keeps nothing that opens the root: hashes and commitments alone', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const stored = JSON.stringify(quorum)
    for (const envelope of shares.values()) {
      const { bytes } = readShare(envelope)
      expect(stored).not.toContain(bytes.toString('base64url').slice(0, 16))
      expect(stored).not.toContain(bytes.toString('hex').slice(0, 16))
    }
  })
})

describe('a cheater', () => {
  it('with a changed share is named, whatever was changed in it', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const share = readShare(shares.get('ben')!)
    const x = share.bytes.length - 1
    for (const changed of [
      { ...share, bytes: Buffer.from(share.bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte))) },
      { ...share, bytes: Buffer.from(share.bytes.map((byte, i) => (i === x ? 0 : byte))) },
      { ...share, bytes: Buffer.from(share.bytes.map((byte, i) => (i === x ? byte ^ 3 : byte))) },
      { ...share, holderNumber: 0 },
      { ...share, partyNumber: 0 },
      { ...share, holdersNeeded: 1 },
    ])
      expect(() => knowShare(writeShare(changed), quorum)).toThrow(
        expect.objectContaining({ code: 'BadShare', details: { party: 'trustee', holder: 'ben' } }),
      )
  })

  it("with another ceremony's share, another's name or no place in the quorum is named", async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const other = await dealTo(TRUSTEE_AND_CUSTOMER)
    expect(() => knowShare(other.shares.get('anna')!, quorum)).toThrow(/another ceremony/)
    const share = readShare(shares.get('ben')!)
    expect(() => knowShare(writeShare({ ...share, holder: 'anna' }), quorum)).toThrow(/anna.*was changed/)
    expect(() => knowShare(writeShare({ ...share, holder: 'mallory' }), quorum)).toThrow(/no holder mallory/)
  })

  it('cannot make one share count twice', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    await expect(together(quorum, pick(shares, 'anna', 'anna', 'dora'))).rejects.toThrow(/number of another/)
  })

  it('who altered the record of the quorum is found out by the commitments', async () => {
    const { quorum, shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const enough = pick(shares, 'anna', 'ben', 'dora')
    const zero = Buffer.alloc(32).toString('base64url')
    await expect(together({ ...quorum, commitment: zero }, enough)).rejects.toThrow(/do not give the root/)
    const parties = quorum.parties.map(party => ({ ...party, commitment: zero }))
    await expect(together({ ...quorum, parties }, enough)).rejects.toThrow(/do not give its secret/)
    const lower = quorum.parties.map(party => ({ ...party, needed: 1 }))
    await expect(together({ ...quorum, parties: lower }, pick(shares, 'anna', 'dora'))).rejects.toThrow(
      /secret/,
    )
  })
})

describe('the text of a share', () => {
  it('comes back however it was typed', async () => {
    const { shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    for (const envelope of shares.values()) {
      const text = shareText(envelope)
      expect(text).toMatch(/^[A-Z0-9-]+$/)
      const typed = text.toLowerCase().replaceAll(/.{5}/g, group => `${group}\n `)
      expect(readShareText(typed)).toEqual(envelope)
      expect(readShare(readShareText(text))).toEqual(readShare(envelope))
    }
  })

  it('with any letter wrong, missing or doubled is no share', async () => {
    const { shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const text = shareText(shares.get('anna')!)
    for (let at = 17; at < text.length; at += 7) {
      const letter = text[at] === 'A' ? 'B' : 'A'
      for (const bad of [
        text.slice(0, at) + letter + text.slice(at + 1),
        text.slice(0, at) + text.slice(at + 1),
        text.slice(0, at) + text[at] + text.slice(at),
      ])
        expect(() => readShare(readShareText(bad))).toThrow(/share/)
    }
    expect(() => readShareText('hello')).toThrow(/begins with/)
  })

  it('has check words that tell sheets apart', async () => {
    const { shares } = await dealTo(TRUSTEE_AND_CUSTOMER)
    const words = [...shares.values()].map(envelope => checkWords(envelope).join(' '))
    expect(new Set(words).size).toBe(words.length)
    for (const line of words) expect(line).toMatch(/^[a-z]+( [a-z]+){3}$/)
  })
})
