import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonical } from '../../src/custody/canonical.ts'
import { PersonRequests, REQUEST_LABEL } from '../../src/custody/signed-request.ts'
import { govern, HOUR, ORIGIN } from './governed.ts'

// Attacks that no other file has by their name; the others stand beside what they attack.

const SETTINGS = { split: false, ttl: 900_000, perUse: [], fence: null }

test('a signed request replayed is refused: at once, after a restart, and with the clock set back', async () => {
  const place = await govern()
  await place.open()
  const { ben } = place.people
  const about = { label: REQUEST_LABEL, origin: ORIGIN, act: 'token', params: {}, by: ben.fingerprint }
  const document = canonical({ ...about, at: place.clock.now, nonce: randomUUID() })
  const signature = ben.sign(document)
  await expect(new PersonRequests(place.custody).take(document, signature)).resolves.toMatchObject({
    act: 'token',
  })
  const again = { code: 'Conflict', message: 'This request was made already.' }
  await expect(new PersonRequests(place.custody).take(document, signature)).rejects.toMatchObject(again)
  place.clock.now -= 4 * 60_000
  await expect(new PersonRequests(place.custody).take(document, signature)).rejects.toMatchObject(again)
  place.clock.now += HOUR
  await expect(new PersonRequests(place.custody).take(document, signature)).rejects.toMatchObject({
    code: 'Expired',
  })
})

test('a signed request altered is refused, and one that another signed', async () => {
  const place = await govern()
  await place.open()
  const { ben, cem } = place.people
  const about = { label: REQUEST_LABEL, origin: ORIGIN, act: 'order', params: {}, by: ben.fingerprint }
  const document = canonical({ ...about, at: place.clock.now, nonce: randomUUID() })
  const requests = new PersonRequests(place.custody)
  const altered = document.replace('"order"', '"token"')
  await expect(requests.take(altered, ben.sign(document))).rejects.toMatchObject({ code: 'Unverified' })
  await expect(requests.take(document, cem.sign(document))).rejects.toMatchObject({ code: 'Unverified' })
})

test('a proposal changed after approval, in the registry itself, is found before it is carried out', async () => {
  const place = await govern()
  await place.open()
  const id = await place.approved('loosen', { params: SETTINGS })
  const { database } = place.registry
  const of = { kind: 'proposal', id }
  const row = await database
    .selectFrom('records')
    .select('body')
    .where('kind', '=', of.kind)
    .where('id', '=', of.id)
    .executeTakeFirstOrThrow()
  expect(row.body).toContain('900000')
  const change = async (body: string) =>
    await database
      .updateTable('records')
      .set({ body })
      .where('kind', '=', of.kind)
      .where('id', '=', of.id)
      .execute()
  await change(row.body.replace('900000', '86400000'))
  await expect(place.governance.proposals.execute(id)).rejects.toMatchObject({ code: 'Unverified' })
  await change(row.body)
  await expect(place.governance.proposals.execute(id)).resolves.toMatchObject({ body: { state: 'done' } })
})

test('an approval put twice into the registry counts once: its row is not as it was written', async () => {
  const place = await govern()
  await place.open()
  const text = place.document('loosen', { params: SETTINGS })
  const { anna, ben } = place.people
  const { id } = await place.governance.proposals.propose(Buffer.from(text), anna.fingerprint)
  await place.governance.proposals.decide(...place.signed(text, ben))
  const { database } = place.registry
  const row = await database
    .selectFrom('records')
    .select('body')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { decisions, ...rest } = JSON.parse(row.body)
  const doubled = JSON.stringify({ ...rest, decisions: [...decisions, ...decisions] })
  await database.updateTable('records').set({ body: doubled }).where('id', '=', id).execute()
  await expect(place.governance.proposals.look(id)).rejects.toMatchObject({ code: 'Unverified' })
})
