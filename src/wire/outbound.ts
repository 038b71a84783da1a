import type net from 'node:net'
import type { Writer } from './body.ts'
import { PeerFailed } from './errors.ts'

/** Heads and small answers are written from here; replaced where a socket could not take them at once. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Waits until the first `done` writes are with the kernel. */
interface Waiter {
  done: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (why: Error) => void
}

/**
 * What goes out on one connection. Backpressure follows `writableLength` and write callbacks: `write`'s return
 * value is false for every piece as large as the high-water mark, and below it no 'drain' ever comes.
 */
export class Outbound implements Writer {
  readonly #socket: net.Socket
  #failure: Error | undefined
  /** Writes handed to the socket, and those it has done with; callbacks come in order. */
  #begun = 0
  #done = 0
  #waiter: Waiter | undefined

  /** @param stall milliseconds in which the peer must take at least something of what is written */
  constructor(socket: net.Socket, stall: number) {
    this.#socket = socket
    // Node's own timer knows about progress inside a write that the kernel takes piece by piece.
    socket.setTimeout(stall, () => {
      if (socket.writableLength === 0) return
      this.stop(new PeerFailed('stalled', `the peer took nothing for ${stall} ms`))
      socket.destroy()
    })
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (pieces.length === 1) this.#push(pieces[0]!)
    else {
      this.#socket.cork()
      for (const piece of pieces) this.#push(piece)
      this.#socket.uncork()
    }
    return this.#settled()
  }

  /** Writes a head and what follows it at once. The memory of `body` is free when this returns. */
  writeSmall(head: string, body: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const length = head.length + body.length
    if (length > scratch.length) return this.write([Buffer.from(head, 'latin1'), Buffer.from(body)])
    scratch.write(head, 0, 'latin1')
    scratch.set(body, head.length)
    this.#push(scratch.subarray(0, length))
    const wait = this.#settled()
    if (wait !== undefined) scratch = Buffer.allocUnsafeSlow(scratch.length)
    return wait
  }

  /** Writes a few bytes that nobody waits for. */
  post(head: string): void {
    if (this.#failure === undefined) this.#push(Buffer.from(head, 'latin1'))
  }

  /** Nothing goes out any more; whoever waits hears why. */
  stop(why: Error): void {
    this.#failure ??= why
    this.#waiter?.reject(this.#failure)
    this.#waiter = undefined
  }

  #push(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#begun++
    this.#socket.write(piece, this.#written)
  }

  readonly #written = (error?: Error | null): void => {
    this.#done++
    if (error != null || this.#waiter === undefined || this.#done < this.#waiter.done) return
    const { resolve } = this.#waiter
    this.#waiter = undefined
    resolve()
  }

  #settled(): Promise<void> | undefined {
    if (this.#socket.writableLength === 0) return undefined
    this.#waiter ??= { done: 0, ...Promise.withResolvers<void>() }
    this.#waiter.done = this.#begun
    return this.#waiter.promise
  }
}
