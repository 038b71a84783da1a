import { describe, expect, it, vi } from 'vitest'
import { proposalId } from '../../../src/custody/approvals/document.ts'
import { digest } from '../../../src/custody/canonical.ts'
import { fetchExport } from '../../../src/custody/export/kept-exports.ts'
import { openKey, readKeyExport } from '../../../src/custody/export/key-export.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import { govern, HOUR } from '../governed.ts'

const DAY = 24 * HOUR
const tenant = { split: false, ttl: 900_000, perUse: [], fence: null }

/** A tenant with keys for two buckets, and somebody who may be sent them. */
async function begin() {
  const governed = await govern()
  const { custody, pass, clock, open } = governed
  await open()
  await pass('loosen', { params: tenant })
  const { groupKeys } = custody.opened()
  const leased = [
    ...(await groupKeys.current('acme', 'photos', clock.now)),
    ...(await groupKeys.current('acme', 'papers', clock.now)),
  ]
  const recipient = await generateHpkeKey()
  const params = { recipient: recipient.publicKey.toString('base64url'), buckets: ['*'], epochs: ['*'] }
  return { ...governed, leased, recipient, params }
}

describe('an export of group keys', () => {
  it('takes two officers, two delegates and a day, and opens for its recipient alone', async () => {
    const { custody, governance, leased, recipient, params, approved, clock } = await begin()
    const id = await approved('export-keys', { params, target: 1 })
    expect((await governance.proposals.look(id)).body.state).toBe('waiting')
    await expect(governance.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    await expect(fetchExport(custody, id)).rejects.toMatchObject({ code: 'Unknown' })
    clock.now += DAY
    expect((await governance.proposals.execute(id)).body.state).toBe('done')

    const { export: document } = await fetchExport(custody, id)
    const { log } = custody.opened()
    const exported = readKeyExport(document, log.verifier)
    expect(exported).toMatchObject({
      tenant: 'acme',
      split: false,
      proposal: id,
      recipient: params.recipient,
    })
    const opened = await Promise.all(exported.keys.map(key => openKey(exported, key, recipient.privateKey)))
    const hex = (key: Uint8Array) => Buffer.from(key).toString('hex')
    expect(opened.map(hex).sort()).toEqual(leased.map(({ key }) => hex(key)).sort())
    const stranger = await generateHpkeKey()
    await expect(openKey(exported, exported.keys[0]!, stranger.privateKey)).rejects.toMatchObject({
      code: 'Unverified',
    })
    const [first, second] = exported.keys
    const moved = { ...first!, bucket: second!.bucket }
    await expect(openKey(exported, moved, recipient.privateKey)).rejects.toMatchObject({ code: 'Unverified' })
    expect(() =>
      readKeyExport(
        document.replace(params.recipient, stranger.publicKey.toString('base64url')),
        log.verifier,
      ),
    ).toThrow(/not signed/)
  })

  it('stands in the log with its digest before anybody is given it, and holds no key in the clear', async () => {
    const { custody, params, leased, pass } = await begin()
    const { id } = await pass('export-keys', { params, target: 1 }, DAY)
    const { export: document } = await fetchExport(custody, id)
    const { log } = custody.opened()
    const leaves = await Promise.all(Array.from({ length: log.head.size }, (_, index) => log.leaf(index)))
    const entries = leaves.map(leaf => readEntry(leaf))
    expect(entries.find(({ type }) => type === 'export')!.body).toMatchObject({
      proposal: id,
      recipient: params.recipient,
      keys: 2,
      digest: digest(document).toString('hex'),
    })
    for (const { key } of leased)
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(`${document} ${leaves.join(' ')}`).not.toContain(Buffer.from(key).toString(encoding))
  })

  it('carried out again after a crash is the same export', async () => {
    const { custody, governance, params, approved, clock } = await begin()
    const id = await approved('export-keys', { params, target: 1 })
    clock.now += DAY
    const { proposals } = governance
    await proposals.look(id)
    const original = custody.keep.bind(custody)
    const keep = vi.spyOn(custody, 'keep')
    // The intent is kept, the outcome is not.
    keep.mockImplementationOnce(original).mockRejectedValueOnce(new Error('the registry is away'))
    await expect(proposals.execute(id)).rejects.toThrow('the registry is away')
    keep.mockRestore()
    const first = await fetchExport(custody, id)
    await governance.proposals.sweep()
    expect((await governance.proposals.look(id)).body.state).toBe('done')
    expect(await fetchExport(custody, id)).toEqual(first)
  })

  it('to a recipient that was changed after approval is another proposal, without approvals', async () => {
    const { custody, governance, people, params, approved, document, clock } = await begin()
    const id = await approved('export-keys', { params, target: 1 })
    clock.now += DAY
    const thief = (await generateHpkeKey()).publicKey.toString('base64url')
    const kept = (await governance.proposals.look(id)).body
    const changed = kept.document.replace(params.recipient, thief)
    // The approvals were signed over the other document's digest.
    await expect(
      governance.proposals.propose(Buffer.from(changed), people.anna.fingerprint),
    ).rejects.toMatchObject({ code: 'Refused' })
    const anew = document('export-keys', { params: { ...params, recipient: thief }, target: 1 })
    await governance.proposals.propose(Buffer.from(anew), people.anna.fingerprint)
    for (const { text, signature } of kept.decisions)
      await expect(
        governance.proposals.decide(text.replace(id, proposalId(anew)), signature),
      ).rejects.toThrow()
    await expect(governance.proposals.execute(proposalId(anew))).rejects.toMatchObject({
      code: 'AwaitsApproval',
    })
    // Written over in the registry itself.
    await custody.registry.write(transaction =>
      transaction
        .updateTable('records')
        .set({ body: JSON.stringify({ ...kept, document: changed }) })
        .where('kind', '=', 'proposal')
        .where('id', '=', id)
        .execute(),
    )
    await expect(governance.proposals.execute(id)).rejects.toMatchObject({ code: 'Unverified' })
  })

  it('is stale where the tenant was changed meanwhile, and refused where it could not be carried out', async () => {
    const { governance, people, params, approved, document, pass, clock } = await begin()
    const id = await approved('export-keys', { params, target: 1 })
    await pass('loosen', { params: { ...tenant, ttl: 60_000 }, target: 1 })
    clock.now += DAY
    await expect(governance.proposals.execute(id)).rejects.toMatchObject({ code: 'Stale' })
    const refused = [
      { ...params, recipient: 'A'.repeat(43) },
      { ...params, buckets: ['nowhere'] },
      { ...params, recipient: 'short' },
    ]
    for (const wrong of refused) {
      const text = document('export-keys', { params: wrong, target: 2 })
      await expect(
        governance.proposals.propose(Buffer.from(text), people.anna.fingerprint),
      ).rejects.toMatchObject({ name: 'CustodyError' })
    }
  })
})
