import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/custody/canonical.ts'
import { escortId } from '../../../src/custody/escorts/key.ts'
import type { EscortRecord } from '../../../src/custody/escorts/record.ts'
import { govern, HOUR } from '../governed.ts'

async function begin() {
  const governed = await govern()
  await governed.open()
  await governed.pass('loosen', { params: { split: false, ttl: 900_000, perUse: [], fence: null } })
  const params = {
    grantee: 'staff 4711',
    recipient: 'A'.repeat(43),
    escort: governed.people.dora.fingerprint,
    bucket: 'photos',
    prefixes: ['2026/'],
    actions: ['read'],
    networks: ['192.0.2.0/24'],
    minutes: 60,
  }
  const propose = async (wrong: { readonly [name: string]: Json }) => {
    const text = governed.document('escort', { params: { ...params, ...wrong } })
    return await governed.governance.proposals.propose(Buffer.from(text), governed.people.anna.fingerprint)
  }
  return { ...governed, params, propose }
}

describe('an escorted access', () => {
  it('is opened by four eyes, until so many minutes after it is carried out', async () => {
    const { custody, approved, governance, params, clock } = await begin()
    const id = await approved('escort', { params })
    clock.now += HOUR
    expect((await governance.proposals.execute(id)).body.state).toBe('done')
    const { body } = (await custody.opened().records.find<EscortRecord>('escort', escortId(id)))!
    expect(body).toMatchObject({ state: 'open', until: clock.now + HOUR, proposal: id, reason: 'because' })
  })

  it('is watched by another person, who decides here', async () => {
    const { people, propose } = await begin()
    const refused = { code: 'Refused', message: expect.stringMatching(/Nobody escorts himself/) }
    for (const grantee of ['dora', ' Dora', people.dora.fingerprint])
      await expect(propose({ grantee })).rejects.toMatchObject(refused)
    await expect(propose({ escort: `SHA256:${'A'.repeat(43)}` })).rejects.toMatchObject({ code: 'Unknown' })
  })

  it('names a bucket, beginnings, actions and networks, and lasts eight hours at most', async () => {
    const { propose } = await begin()
    const wrong = [
      { bucket: '*' },
      { bucket: 'photo*' },
      { prefixes: [] },
      { prefixes: [''] },
      { actions: [] },
      { actions: ['configure'] },
      { actions: ['read', 'read'] },
      { networks: [] },
      { networks: ['192.0.2.0/33'] },
      { networks: ['everywhere'] },
      { minutes: 481 },
      { minutes: 0 },
      { recipient: 'short' },
      { grantee: '\u202e4711' },
      { more: true },
    ]
    for (const one of wrong)
      await expect(propose(one), JSON.stringify(one)).rejects.toMatchObject({ code: 'Malformed' })
  })

  it('is of a tenant that there is', async () => {
    const { governance, people, document, params } = await begin()
    const text = document('escort', { params, tenant: 'nobody' })
    await expect(
      governance.proposals.propose(Buffer.from(text), people.anna.fingerprint),
    ).rejects.toMatchObject({ code: 'Unknown' })
  })
})
