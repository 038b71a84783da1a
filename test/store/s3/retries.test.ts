import { describe, expect, test } from 'vitest'
import { PLAIN, put } from '../contract/bytes.ts'
import { answer, errorXml, OBJECT, scripted } from './scripted-store.ts'

const AT = { bucket: 'bucket', key: 'k' }
const FAILED = answer(500, {}, errorXml('InternalError'))

describe('tried again is', () => {
  test('a read that failed by chance', async () => {
    const { store, seen } = await scripted((_, count) => (count < 3 ? FAILED : answer(200, OBJECT)))
    await store.head(AT, {})
    expect(seen).toHaveLength(3)
  })

  test('a read whose connection broke', async () => {
    const { store, seen } = await scripted(({ socket }, count) => {
      if (count > 1) return answer(200, OBJECT, 'abcd')
      socket.destroy()
      return undefined
    })
    const object = await store.get(AT, undefined, {})
    object.body.discard()
    expect(seen).toHaveLength(2)
  })

  test('a store that is away for a moment, as long as it says, if that is short', async () => {
    const { store, seen } = await scripted((_, count) =>
      count === 1 ? answer(503, { 'retry-after': '1' }, errorXml('ServiceUnavailable')) : answer(200, OBJECT),
    )
    const began = performance.now()
    await store.head(AT, {})
    expect(performance.now() - began).toBeGreaterThan(990)
    expect(seen).toHaveLength(2)
  })
})

describe('not tried again is', () => {
  test('a read that fails and fails', async () => {
    const { store, seen } = await scripted(() => FAILED)
    const refused = { code: 'InternalError', status: 500 }
    await expect(store.get(AT, undefined, {})).rejects.toMatchObject(refused)
    expect(seen).toHaveLength(3)
  })

  test('a store that asks for fewer requests: the client hears it', async () => {
    const { store, seen } = await scripted(() => answer(503, { 'retry-after': '7' }, errorXml('SlowDown')))
    await expect(store.get(AT, undefined, {})).rejects.toMatchObject({ reason: 'slow-down', retryAfter: 7 })
    expect(seen).toHaveLength(1)
  })

  test('a store that is away for longer than anybody waits', async () => {
    const { store, seen } = await scripted(() => answer(503, { 'retry-after': '60' }))
    await expect(store.get(AT, undefined, {})).rejects.toMatchObject({
      reason: 'unreachable',
      retryAfter: 60,
    })
    expect(seen).toHaveLength(1)
  })

  test.each([
    ['a delete', 'DELETE'],
    ['a copy', 'PUT'],
    ['a Complete', 'POST'],
    ['a payload', 'PUT'],
  ])('%s that the store may have seen', async (name, method) => {
    const { store, seen } = await scripted(() => FAILED)
    const calls: Record<string, () => Promise<unknown>> = {
      'a delete': () => store.delete(AT, {}),
      'a copy': () => store.copy(AT, AT, PLAIN, {}),
      'a Complete': () => store.completeUpload(AT, 'u', [], {}),
      'a payload': () => put(store, AT, Buffer.from('payload')),
    }
    await expect(calls[name]!()).rejects.toMatchObject({ code: 'InternalError' })
    expect(seen.map(({ line }) => line.split(' ')[0])).toEqual([method])
  })
})

test('a store that refuses in the middle of an upload is heard', async () => {
  const refusal = answer(412, { connection: 'close' }, errorXml('PreconditionFailed'))
  const { store } = await scripted(() => refusal, {}, true)
  const writer = await store.put(AT, PLAIN, 100_000_000, { ifNoneMatch: '*' })
  const piece = Buffer.alloc(1_000_000)
  const upload = async () => {
    for (let i = 0; i < 100; i++) await writer.write([piece])
    await writer.finish()
  }
  await expect(upload()).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 })
})

test('a store that claims success before it has the whole upload is not believed', async () => {
  const { store } = await scripted(() => answer(200, OBJECT), {}, true)
  const writer = await store.put(AT, PLAIN, 100_000_000, {})
  const piece = Buffer.alloc(1_000_000)
  const upload = async () => {
    for (let i = 0; i < 100; i++) await writer.write([piece])
    await writer.finish()
  }
  await expect(upload()).rejects.toMatchObject({ reason: 'protocol' })
})

test('a condition that failed is told though its document was lost with the connection', async () => {
  const { store } = await scripted(
    ({ socket }) => {
      socket.end('HTTP/1.1 412 X\r\ncontent-length: 300\r\nconnection: close\r\n\r\n<?xml')
      return undefined
    },
    {},
    true,
  )
  const writer = await store.put(AT, PLAIN, 100_000_000, { ifMatch: 'other' })
  const piece = Buffer.alloc(1_000_000)
  const upload = async () => {
    for (let i = 0; i < 100; i++) await writer.write([piece])
    await writer.finish()
  }
  await expect(upload()).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 })
})
