import { afterEach, expect, test, vi } from 'vitest'
import type { Call } from '../../../src/front/s3/call.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { type SlowResult, sendWhenDone } from '../../../src/front/s3/slow-answer.ts'
import { PeerFailed } from '../../../src/wire/errors.ts'
import type { ReplyBody } from '../../../src/wire/exchange.ts'
import { type Server, serve } from '../../../src/wire/server.ts'

let server: Server | undefined
afterEach(async () => {
  await server?.close(0)
  server = undefined
})

const RESULT: SlowResult = { root: 'Result', content: [['Done', true]], fields: [['x-amz-version-id', 'v']] }

/** A server whose one answer is ready when the test says so. */
async function answering(
  patience: number,
): Promise<{ url: string; finish(result: SlowResult | Error): void; failures: unknown[] }> {
  const failures: unknown[] = []
  const failedLate = async (error: S3Error) => {
    failures.push(error)
    return [['Code', error.code]] as const
  }
  let finish: (result: SlowResult | Error) => void = () => {}
  const outcome = new Promise<SlowResult>((resolve, reject) => {
    finish = result => (result instanceof Error ? reject(result) : resolve(result))
  })
  server = await serve({
    listen: { host: '127.0.0.1', port: 0 },
    handler: (request, reply) =>
      sendWhenDone(
        { request, reply, requestId: 'ID', settings: { patience }, failedLate } as unknown as Call,
        () => outcome,
      ),
    refuse: () => ({ status: 500, fields: [], body: new Uint8Array(0) }),
  })
  return { url: `http://127.0.0.1:${server.address.port}/`, finish, failures }
}

/** Reads until the answer has begun and held out some white space. */
async function begun(response: Response): Promise<{ rest(): Promise<string> }> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!/\n +$/.test(text)) text += decoder.decode((await reader.read()).value)
  return {
    async rest() {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read())
        text += decoder.decode(piece.value)
      return text
    },
  }
}

test('an answer that is ready in time has its fields and nothing before its document', async () => {
  const { url, finish } = await answering(60_000)
  finish(RESULT)
  const response = await fetch(url)
  expect(response.headers.get('x-amz-version-id')).toBe('v')
  expect(await response.text()).toMatch(
    /^<\?xml [^>]*\?>\n<Result xmlns="[^"]+"><Done>true<\/Done><\/Result>$/,
  )
})

test('an answer that takes long begins, holds out, and ends with its document', async () => {
  const { url, finish } = await answering(5)
  const response = await fetch(url)
  const waiting = await begun(response)
  finish(RESULT)
  expect(response.status).toBe(200)
  expect(await waiting.rest()).toMatch(
    /^<\?xml [^>]*\?>\n +<Result xmlns="[^"]+"><Done>true<\/Done><\/Result>$/,
  )
})

test('what fails after the answer began is an error inside the 200, and told to whoever counts', async () => {
  const { url, finish, failures } = await answering(5)
  const waiting = await begun(await fetch(url))
  finish(new S3Error('InvalidPart'))
  expect(await waiting.rest()).toMatch(/\n +<Error><Code>InvalidPart<\/Code><\/Error>$/)
  expect(failures).toEqual([new S3Error('InvalidPart')])
})

test('a client that goes away while it waits takes nothing else along', async () => {
  let writes = 0
  const body: ReplyBody = {
    write() {
      writes++
      return Promise.reject(new PeerFailed('lost', 'the peer went away'))
    },
    async end() {},
    cut() {},
  }
  const reply = { streamChunked: () => body }
  const work = async () => {
    await vi.waitUntil(() => writes > 0)
    // As long as an unhandled rejection takes to end the process.
    await new Promise(setImmediate)
    return RESULT
  }
  const call = { reply, requestId: 'ID', settings: { patience: 1 } } as unknown as Call
  await expect(sendWhenDone(call, work)).rejects.toThrow(PeerFailed)
})
