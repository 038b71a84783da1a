import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { signCheckpoint } from '../../../src/custody/log/checkpoint.ts'
import type { Entry } from '../../../src/custody/log/entry.ts'
import { Log } from '../../../src/custody/log/log.ts'
import { readNote, type Signer, signer, writeNote } from '../../../src/custody/log/note.ts'
import { Witness } from '../../../src/custody/log/witness.ts'
import {
  cosignatureTime,
  type WitnessClient,
  witnessClient,
} from '../../../src/custody/log/witness-client.ts'
import { readAddCheckpoint, writeAddCheckpoint } from '../../../src/custody/log/witness-protocol.ts'
import { serveWitness, witnessFiles } from '../../../src/custody/log/witness-server.ts'
import { Witnessing, type WitnessingOptions } from '../../../src/custody/log/witnessing.ts'
import { MemoryLogStore } from './memory-store.ts'

const logKey = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witnessKey = signer('customer.example/witness', 4, Buffer.alloc(32, 2))
const entry = (n: number): Entry => ({ type: 'intent', at: n, body: { n } })

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  while (closing.length > 0) await closing.pop()!()
})

/** A real witness on loopback, with its files; `clock.now` is its clock. */
async function startWitness(key: Signer = witnessKey) {
  const directory = await mkdtemp(join(tmpdir(), 'witness-'))
  const clock = { now: 1_700_000_000_000 }
  const forks: unknown[] = []
  const witness = new Witness({
    signer: key,
    logs: [logKey],
    store: witnessFiles(directory),
    now: () => clock.now,
    onFork: evidence => forks.push(evidence),
  })
  const server = serveWitness(witness).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  closing.push(() => rm(directory, { recursive: true }), stop)
  const client: WitnessClient = witnessClient({ url, verifier: key })
  return { url, client, clock, forks, witness, directory, stop }
}

async function witnessing(
  store: MemoryLogStore,
  options: Partial<WitnessingOptions> & { witness: WitnessClient },
) {
  const log = options.log ?? (await Log.open(store, logKey))
  const alarms: string[] = []
  const forked: { ours: string; theirs: string | undefined }[] = []
  const clock = { now: 1_700_000_000_000 }
  const seen = await Witnessing.open({
    log,
    store,
    now: () => clock.now,
    onAlarm: alarm => alarms.push(alarm),
    onForked: heads => void forked.push(heads),
    ...options,
  })
  return { log, seen, alarms, forked, clock }
}

describe('the witness protocol', () => {
  it('reads what it writes, and refuses anything else', async () => {
    const log = await Log.open(new MemoryLogStore(), logKey)
    for (let n = 0; n < 7; n++) await log.append(entry(n))
    const request = { old: 3, proof: await log.consistency(3), note: readNote(log.head.note) }
    const text = writeAddCheckpoint(request)
    expect(readAddCheckpoint(Buffer.from(text))).toEqual(request)
    for (const bad of [
      '',
      'old 3\n',
      text.replace('old 3', 'old 03'),
      text.replace('old', 'size'),
      text.replace('=\n', '\n'),
    ])
      expect(() => readAddCheckpoint(Buffer.from(bad)), bad).toThrow()
  })

  it('answers as c2sp.org/tlog-witness says: 400, 403, 404, 409 with the size, 422, 200', async () => {
    const { url } = await startWitness()
    const log = await Log.open(new MemoryLogStore(), logKey)
    for (let n = 0; n < 5; n++) await log.append(entry(n))
    const post = async (body: string) => {
      const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body })
      return [answer.status, answer.headers.get('content-type'), await answer.text()] as const
    }
    const note = readNote(log.head.note)
    const stranger = signCheckpoint(
      { ...log.head, origin: 'stranger.example' },
      signer('stranger.example', 1, Buffer.alloc(32, 7)),
    )
    const impostor = signCheckpoint(
      { ...log.head, origin: logKey.name },
      signer(logKey.name, 1, Buffer.alloc(32, 7)),
    )
    expect((await post('nonsense'))[0]).toBe(400)
    expect((await post(writeAddCheckpoint({ old: 6, proof: [], note })))[0]).toBe(400)
    expect((await post(writeAddCheckpoint({ old: 0, proof: [], note: stranger })))[0]).toBe(404)
    expect((await post(writeAddCheckpoint({ old: 0, proof: [], note: impostor })))[0]).toBe(403)
    expect((await post(writeAddCheckpoint({ old: 0, proof: [log.head.root], note })))[0]).toBe(422)
    expect(await post(writeAddCheckpoint({ old: 2, proof: await log.consistency(2), note }))).toEqual([
      409,
      'text/x.tlog.size',
      '0\n',
    ])
    expect((await post(writeAddCheckpoint({ old: 0, proof: [], note })))[0]).toBe(200)
    expect((await post(writeAddCheckpoint({ old: 0, proof: [], note })))[2]).toBe('5\n')
    expect((await post(writeAddCheckpoint({ old: 5, proof: [], note })))[0]).toBe(200)
    const other = signCheckpoint({ origin: logKey.name, size: 5, root: Buffer.alloc(32) }, logKey)
    expect((await post(writeAddCheckpoint({ old: 5, proof: [], note: other })))[0]).toBe(422)
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405)
  })

  it('gives back the newest head with its own and the log signatures, also after a restart', async () => {
    const first = await startWitness()
    const log = await Log.open(new MemoryLogStore(), logKey)
    expect(await first.client.latest(logKey)).toBeUndefined()
    await log.append(entry(0))
    const note = readNote(log.head.note)
    await first.client.add({ old: 0, proof: [], note })
    const restarted = new Witness({
      signer: witnessKey,
      logs: [logKey],
      store: witnessFiles(first.directory),
      now: Date.now,
      onFork: () => {},
    })
    const again = await restarted.answer(
      'POST',
      '/add-checkpoint',
      Buffer.from(writeAddCheckpoint({ old: 0, proof: [], note })),
    )
    expect(again).toMatchObject({ status: 409, body: '1\n' })
    const latest = await first.client.latest(logKey)
    expect(latest).toMatchObject({ size: 1, root: log.head.root })
    expect(cosignatureTime(latest!.note, witnessKey)).toBe(1_700_000_000)
  })

  it('lets one of two heads through that come at once against the same earlier one', async () => {
    const { client } = await startWitness()
    const log = await Log.open(new MemoryLogStore(), logKey)
    await log.append(entry(0))
    const note = readNote(log.head.note)
    const fork = signCheckpoint({ origin: logKey.name, size: 1, root: Buffer.alloc(32, 5) }, logKey)
    const words = await Promise.all([
      client.add({ old: 0, proof: [], note }),
      client.add({ old: 0, proof: [], note: fork }),
    ])
    expect(words.map(({ said }) => said).sort()).toEqual(['cosigned', 'holds'])
  })

  it('alarms when a log has shown no head for five minutes', async () => {
    const { witness, clock, client } = await startWitness()
    const log = await Log.open(new MemoryLogStore(), logKey)
    await log.append(entry(0))
    clock.now += 299_000
    await client.add({ old: 0, proof: [], note: readNote(log.head.note) })
    clock.now += 299_000
    expect(witness.silentLogs()).toEqual([])
    clock.now += 2000
    expect(witness.silentLogs()).toEqual([logKey.name])
  })
})

describe('a witnessed log', () => {
  it('waits for the witness where an entry must be seen first, and keeps the cosigned head', async () => {
    const { client } = await startWitness()
    const store = new MemoryLogStore()
    const { log, seen } = await witnessing(store, { witness: client })
    const index = await log.append(entry(0))
    expect(await seen.witnessed(index)).toMatchObject({ size: 1, at: 1_700_000_000_000 })
    expect(cosignatureTime(readNote(store.cosigned!), witnessKey)).toBeDefined()
    expect(seen.status().state).toBe('witnessed')
    await Promise.all(Array.from({ length: 20 }, async (_, n) => seen.witnessed(await log.append(entry(n)))))
    expect(seen.status().last!.size).toBe(21)
  })

  it('says `unwitnessed` where there is no witness', async () => {
    const store = new MemoryLogStore()
    const log = await Log.open(store, logKey)
    const none = { witness: undefined, log, store, now: Date.now, onAlarm: () => {}, onForked: () => {} }
    const seen = await Witnessing.open(none)
    expect(await seen.witnessed(await log.append(entry(0)))).toBeUndefined()
    expect(seen.status().state).toBe('unwitnessed')
  })

  it('goes on from the size that a witness still holds after it lost its newest head', async () => {
    const old = await startWitness()
    const store = new MemoryLogStore()
    const { log, seen } = await witnessing(store, { witness: old.client })
    await seen.witnessed(await log.append(entry(0)))
    await seen.witnessed(await log.append(entry(1)))
    const fresh = await startWitness()
    const { seen: again, alarms } = await witnessing(store, { witness: fresh.client, log })
    await again.round()
    expect(alarms).toEqual(['witness-rolled-back'])
    expect((await fresh.client.latest(logKey))!.size).toBe(2)
  })

  it('is forked, and says so, when the witness has seen another entry in its place', async () => {
    const { client, forks } = await startWitness()
    const honest = new MemoryLogStore()
    const first = await witnessing(honest, { witness: client })
    await first.seen.witnessed(await first.log.append(entry(0)))
    const before = honest.copy()
    await first.seen.witnessed(await first.log.append(entry(1)))

    const rewritten = await witnessing(before, { witness: client })
    await rewritten.log.append(entry(99))
    await expect(rewritten.seen.round()).rejects.toMatchObject({ code: 'Forked' })
    expect(rewritten.forked[0]).toMatchObject({ ours: rewritten.log.head.note })
    expect(rewritten.forked[0]!.theirs).toContain('\n2\n')
    expect(await rewritten.seen.mayLease()).toBe(false)
    expect(rewritten.seen.mayExecute()).toBe(false)
    expect(rewritten.alarms).toContain('forked')
    expect(forks).toHaveLength(1)
  })

  it('is forked when the witness holds more than the log: an old backup was put back', async () => {
    const { client } = await startWitness()
    const store = new MemoryLogStore()
    const { log, seen } = await witnessing(store, { witness: client })
    await seen.witnessed(await log.append(entry(0)))
    const backup = store.copy()
    await seen.witnessed(await log.append(entry(1)))
    const restored = await witnessing(backup, { witness: client })
    await expect(restored.seen.round()).rejects.toMatchObject({ code: 'Forked' })
  })

  it('is forked when entries were removed or moved and the log was signed anew', async () => {
    const { client } = await startWitness()
    const store = new MemoryLogStore()
    const { log, seen } = await witnessing(store, { witness: client })
    for (let n = 0; n < 5; n++) await log.append(entry(n))
    await seen.round()
    for (const order of [
      [0, 1, 3, 4, 5],
      [0, 2, 1, 3, 4],
      [0, 1, 2, 3],
    ]) {
      const altered = new MemoryLogStore()
      const copy = await Log.open(altered, logKey)
      for (const n of order) await copy.append(entry(n))
      const again = await witnessing(altered, { witness: client, log: copy })
      await expect(again.seen.round()).rejects.toMatchObject({ code: 'Forked' })
    }
  })

  it('alarms after five silent minutes, leases on for a day, and stops then', async () => {
    const { client, stop } = await startWitness()
    const store = new MemoryLogStore()
    const { log, seen, alarms, clock } = await witnessing(store, { witness: client })
    await seen.witnessed(await log.append(entry(0)))
    await stop()
    await expect(seen.witnessed(await log.append(entry(1)))).rejects.toMatchObject({ code: 'Unreachable' })
    expect(alarms).toEqual([])
    clock.now += 301_000
    await expect(seen.round()).rejects.toMatchObject({ code: 'Unreachable' })
    expect(alarms).toEqual(['witness-silent'])
    const { state, leasesUntil } = seen.status()
    expect([state, await seen.mayLease()]).toEqual(['silent', true])
    clock.now = leasesUntil!
    expect(await seen.mayLease()).toBe(true)
    clock.now++
    expect(await seen.mayLease()).toBe(false)
  })

  it('executes nothing while its clock and the witness are more than a minute apart', async () => {
    const { client, clock: theirs } = await startWitness()
    const { seen, alarms, clock } = await witnessing(new MemoryLogStore(), { witness: client })
    await seen.round()
    expect(seen.mayExecute()).toBe(true)
    clock.now -= 3_600_000
    await seen.round()
    expect(seen.mayExecute()).toBe(false)
    expect(alarms).toEqual(['clocks-apart'])
    clock.now = theirs.now
    await seen.round()
    expect(seen.mayExecute()).toBe(true)
  })

  it('takes no cosignature by another key, nor one for another head', async () => {
    const { url } = await startWitness(signer(witnessKey.name, 4, Buffer.alloc(32, 8)))
    const log = await Log.open(new MemoryLogStore(), logKey)
    await log.append(entry(0))
    const client = witnessClient({ url, verifier: witnessKey })
    const note = readNote(writeNote(readNote(log.head.note)))
    await expect(client.add({ old: 0, proof: [], note })).rejects.toMatchObject({ code: 'Unverified' })
  })
})
