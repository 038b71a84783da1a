import type { Sink } from '../../src/wire/body.ts'
import { Origin } from '../../src/wire/client.ts'
import type { Reply, Request } from '../../src/wire/exchange.ts'
import { SegmentMemory } from '../../src/wire/segment-memory.ts'
import { serve } from '../../src/wire/server.ts'
import type { Reading } from '../../src/wire/socket-reading.ts'

/** A proxy of nothing but the wire: what a GET or PUT costs before anything is sealed. Prints its port. */
const [backend, reading] = process.argv.slice(2)
const origin = new Origin({ host: '127.0.0.1', port: Number(backend) })
const memory = new SegmentMemory(8 * 1024 * 1024)

async function pass(request: Request, reply: Reply): Promise<void> {
  if (request.method === 'GET') await passDown(request, reply)
  else await passUp(request, reply)
}

async function passDown(request: Request, reply: Reply): Promise<void> {
  const response = await origin.request({ method: 'GET', target: request.target, fields: [] })
  const body = response.body!
  const piece = memory.lend(body.length)
  try {
    if (body.length <= piece.length) {
      let at = 0
      await body.readInto({
        space: () => piece.subarray(at),
        filled: length => {
          at += length
          return undefined
        },
      })
      await reply.send(response.status, [], piece.subarray(0, at))
      return
    }
    const out = reply.stream(response.status, [], body.length)
    const sink: Sink = { space: () => piece, filled: length => out.write([piece.subarray(0, length)]) }
    await body.readInto(sink)
    await out.end()
  } finally {
    memory.takeBack(piece)
  }
}

async function passUp(request: Request, reply: Reply): Promise<void> {
  const { body } = request
  if (body.length === undefined) throw new Error('this proxy passes bodies of a known length on')
  const upload = await origin.upload({ method: 'PUT', target: request.target, fields: [] }, body.length)
  const piece = memory.lend(body.length)
  try {
    const sink: Sink = { space: () => piece, filled: length => upload.write([piece.subarray(0, length)]) }
    await body.readInto(sink)
    const response = await upload.finish()
    await response.collect(10_000)
    await reply.send(response.status, [], new Uint8Array(0))
  } finally {
    memory.takeBack(piece)
  }
}

const server = await serve({
  listen: { port: 0, host: '127.0.0.1' },
  handler: pass,
  refuse: why => ({ status: 500, fields: [], body: Buffer.from(String(why)) }),
  ...(reading === undefined ? {} : { reading: reading as Reading }),
})
console.log(server.address.port)
