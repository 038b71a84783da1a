import { createHash, createHmac } from 'node:crypto'
import type { AccessKey } from '../../../src/front/s3/access.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import type { Body, Sink } from '../../../src/wire/body.ts'
import type { Headers } from '../../../src/wire/exchange.ts'

/** The key pair of AWS's published examples. */
export const EXAMPLE_KEY: AccessKey = {
  id: 'AKIAIOSFODNN7EXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  tenant: 'example',
  grants: [{ buckets: ['*'], actions: ['read', 'write', 'delete', 'list', 'configure', 'manage'] }],
}

/** Header fields as the wire hands them on. */
export function headersOf(pairs: readonly (readonly [string, string])[]): Headers {
  return {
    pairs,
    get: name => {
      const values = pairs.filter(([its]) => its === name).map(([, value]) => value)
      return values.length === 0 ? undefined : values.join(',')
    },
    all: name => pairs.filter(([its]) => its === name).map(([, value]) => value),
  }
}

/** A body that arrives in pieces of these sizes, over and over. */
export function bodyOf(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): Body {
  return {
    length: bytes.length,
    async readInto(sink: Sink) {
      let at = 0
      for (let i = 0; at < bytes.length; i++) {
        const space = sink.space()
        const size = Math.min(Math.max(1, pieces[i % pieces.length]!), space.length, bytes.length - at)
        space.set(bytes.subarray(at, at + size))
        at += size
        await sink.filled(size)
      }
    },
    discard() {},
  }
}

/** Takes a body through spaces of one size, as a sealer with segments does. */
export async function taken(body: Body, spaceSize = 64): Promise<Buffer> {
  const pieces: Buffer[] = []
  let space = Buffer.alloc(spaceSize)
  let at = 0
  await body.readInto({
    space: () => space.subarray(at),
    filled(length) {
      pieces.push(Buffer.from(space.subarray(at, at + length)))
      at += length
      if (at === spaceSize) {
        space = Buffer.alloc(spaceSize)
        at = 0
      }
      return undefined
    },
  })
  return Buffer.concat(pieces)
}

/** The code with which something is refused; what is not refused by an S3Error fails the test. */
export async function refusal(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
  throw new Error('it was not refused')
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
export const hmac = (key: Uint8Array | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()
