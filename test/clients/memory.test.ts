import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EMPTY_SHA256, Signer } from '../../src/store/s3/signature.ts'
import { type Ask, Origin } from '../../src/wire/client.ts'
import { sdkFor } from '../harness/s3-client.ts'
import type { Treuhand } from '../harness/treuhand.ts'
import { STORES, treuhandOver } from './setting.ts'

const CLIENTS = 50
const GIB = 2 ** 30
const PIECE = Buffer.alloc(2 ** 20, 7)
const MAY_GROW = 96 * 2 ** 20
/** Long enough that every client is in the middle of its object, with all buffers full. */
const WATCHED_MS = 15_000

/** Bytes of resident memory of a process (proc(5)). */
const resident = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024

describe.each(STORES)('over %s, 50 clients that each slowly', kind => {
  let treuhand: Treuhand
  let origin: Origin
  beforeAll(async () => {
    treuhand = await treuhandOver(kind)
    await sdkFor(treuhand).send(new CreateBucketCommand({ Bucket: 'slow' }))
    const { hostname, port } = new URL(treuhand.endpoint)
    origin = new Origin({ host: hostname, port: Number(port) })
    const upload = await origin.upload(ask('PUT', 'UNSIGNED-PAYLOAD'), GIB)
    for (let sent = 0; sent < GIB; sent += PIECE.length) await upload.write([PIECE])
    expect((await upload.finish()).status).toBe(200)
  })
  // The clients' ends are cut: nothing of what was begun comes into being.
  afterAll(() => origin.close())

  function ask(method: string, payload: string): Ask {
    const signer = new Signer(treuhand.credential, 'us-east-1')
    const path = '/slow/object'
    const toSign = { method, path, query: '', host: origin.host, headers: [], payload }
    return { method, target: path, fields: signer.sign(toSign, new Date()).headers }
  }

  test('read 1 GiB cost less than 96 MiB of memory', async () => {
    const slowGet = async () => {
      const { body } = await origin.request(ask('GET', EMPTY_SHA256))
      const memory = new Uint8Array(new ArrayBuffer(16_384))
      await body!.readInto({ space: () => memory, filled: () => sleep(50) })
    }
    expect(await growth(treuhand, Array.from({ length: CLIENTS }, slowGet))).toBeLessThan(MAY_GROW)
  })

  // versitygw reserves the whole length of a PUT when it begins: 50 GiB, which no machine of ours has to spare.
  test.skipIf(kind === 'versitygw')('write 1 GiB cost less than 96 MiB of memory', async () => {
    const slowPut = async () => {
      const upload = await origin.upload(ask('PUT', 'UNSIGNED-PAYLOAD'), GIB)
      for (;;) {
        await upload.write([PIECE.subarray(0, 16_384)])
        await sleep(50)
      }
    }
    expect(await growth(treuhand, Array.from({ length: CLIENTS }, slowPut))).toBeLessThan(MAY_GROW)
  })
})

/** How far resident memory rises while clients are at work; they end with their connections. */
async function growth({ pid }: Treuhand, clients: readonly Promise<unknown>[]): Promise<number> {
  for (const client of clients) client.catch(() => {})
  const before = resident(pid)
  let peak = before
  for (let waited = 0; waited < WATCHED_MS; waited += 500) {
    await sleep(500)
    peak = Math.max(peak, resident(pid))
  }
  return peak - before
}
