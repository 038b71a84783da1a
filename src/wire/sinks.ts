import type { Body, Sink } from './body.ts'

/**
 * A body small enough to be held whole, on memory of its own outside of the moving heap. Whoever calls has
 * seen that `length` is small.
 * @throws what the body's `readInto` throws
 */
export async function collect(body: Body): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(body.length)
  let at = 0
  await body.readInto({
    space: () => bytes.subarray(at),
    filled(length) {
      at += length
      return undefined
    },
  })
  return bytes
}

/** Copies bytes into a sink, as fast as it takes them. */
export async function pour(bytes: Uint8Array, sink: Sink): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const space = sink.space()
    const run = bytes.subarray(at, at + space.length)
    space.set(run)
    at += run.length
    await sink.filled(run.length)
  }
}

/** A sink that shows each run of bytes before the sink behind it hears of them: that one may seal them in place. */
export function watched(sink: Sink, watch: (bytes: Uint8Array) => void): Sink {
  let space: Uint8Array
  return {
    space() {
      space = sink.space()
      return space
    },
    filled(length) {
      watch(space.subarray(0, length))
      return sink.filled(length)
    },
  }
}
