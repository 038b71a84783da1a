import { expect, it } from 'vitest'
import { runJob } from '../../bench/job.ts'
import type { Handler } from '../../src/wire/exchange.ts'
import { collect, start } from '../wire/harness.ts'

const SIZE = 2 ** 21

/** Answers in pieces, so that the answers to several connections pass at the same time. */
const handler: Handler = async (request, reply) => {
  if (request.method === 'PUT') {
    await collect(request.body)
    return reply.send(200, [], new Uint8Array(0))
  }
  const body = reply.stream(200, [], SIZE)
  const piece = new Uint8Array(SIZE / 8)
  for (let sent = 0; sent < SIZE; sent += piece.length) await body.write([piece])
  await body.end()
}

it.each(['GET', 'PUT'] as const)('counts every byte of %ss that pass at the same time', async verb => {
  const server = await start('direct', handler)
  const outcome = await runJob({
    endpoint: `http://127.0.0.1:${server.address.port}`,
    credential: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    bucket: 'bucket',
    request: { verb, key: '#', size: SIZE },
    connections: 4,
    count: 12,
    keys: 4,
  })
  expect(outcome).toMatchObject({ requests: 12, bytes: 12 * SIZE })
})
