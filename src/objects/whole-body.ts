import type { Body, Sink } from '../wire/body.ts'

/** A body small enough to be held whole, on memory that an AEAD engine may work in. */
export async function collect(body: Body): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(body.length)
  let at = 0
  const sink: Sink = {
    space: () => bytes.subarray(at),
    filled(length) {
      at += length
      return undefined
    },
  }
  await body.readInto(sink)
  return bytes
}

/** Verifies a body that holds nothing: its digests may still be wrong. */
export async function verifyEmpty(body: Body): Promise<void> {
  await body.readInto({
    space: () => ONE_BYTE,
    filled() {
      throw new RangeError('an empty body held bytes')
    },
  })
}

const ONE_BYTE = new Uint8Array(1)

/** Reads what is left of an answer nobody needs, where that is cheaper than a new connection. */
export async function letGo(body: Body): Promise<void> {
  if (body.length > CHEAP) return body.discard()
  const nowhere = new Uint8Array(Math.max(1, Math.min(body.length, 65_536)))
  await body.readInto({ space: () => nowhere, filled: () => undefined })
}

const CHEAP = 262_144
