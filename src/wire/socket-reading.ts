import net from 'node:net'

/**
 * How a socket's bytes reach memory that we name. Node can have the kernel write into it (`onread`), but
 * documents that for outgoing connections only. The undocumented half stands in this file alone: an accepted
 * connection changes its owner (`_handle`), and may change its buffer (`useUserBuffer`). `directReading`
 * proves both over loopback before anybody relies on them; where they fail, 'data' events and a copy do.
 */

/** Where a socket's bytes go. */
export interface Receiver {
  /** Memory for the next read. Asked once before each; what was named last may be written at any time until then. */
  space(): Uint8Array
  /** `length` bytes stand at the start of the last `space()`. False holds reading back until `resume`. */
  filled(length: number): boolean
  /** The same for bytes that arrived elsewhere; the memory is theirs only until this returns. */
  arrived(bytes: Buffer): boolean
  /** The peer will send no more. */
  ended(): void
}

/** A socket that reads, and the hold on its reading. */
export interface ReadingSocket {
  readonly socket: net.Socket
  resume(): void
  /** No read goes into the memory that `space` named last any more, if need be by closing the socket. */
  withdraw(): void
}

/**
 * Bytes that nobody waits for, and heads, are read in here: all connections share it, because what a read
 * brought is copied or parsed before the next read can happen.
 */
export const SCRATCH = Buffer.allocUnsafeSlow(32 * 1024)

type Handle = { useUserBuffer(memory: Uint8Array): void }
type Adoptable = { _handle: Handle | null }

/** How an accepted connection is read: `direct` into the receiver's memory, or `copied` out of 'data' events. */
export type Reading = 'direct' | 'copied'

/**
 * Begins to read an accepted connection.
 * @param accepted from a server with `pauseOnConnect`, not read yet
 */
export function readAccepted(accepted: net.Socket, receiver: Receiver, reading: Reading): ReadingSocket {
  if (reading === 'copied') return readCopied(accepted, receiver)
  const adoptable = accepted as unknown as Adoptable
  const handle = adoptable._handle
  if (handle === null) return readCopied(accepted, receiver)
  adoptable._handle = null
  accepted.destroy()
  const socket = new net.Socket({
    handle,
    allowHalfOpen: true,
    onread: onreadFor(receiver),
  } as unknown as net.SocketConstructorOpts)
  socket.on('end', () => receiver.ended())
  return {
    socket,
    resume: () => void socket.resume(),
    withdraw: () => (socket as unknown as Adoptable)._handle?.useUserBuffer(SCRATCH),
  }
}

/** The documented way, for sockets whose reading cannot be directed: TLS servers, and `copied` connections. */
export function readCopied(socket: net.Socket, receiver: Receiver): ReadingSocket {
  socket.on('data', (chunk: Buffer) => {
    if (!receiver.arrived(chunk)) socket.pause()
  })
  socket.on('end', () => receiver.ended())
  socket.resume()
  return { socket, resume: () => void socket.resume(), withdraw: () => {} }
}

/** Options for `net.connect` that read straight into the receiver's memory. */
export function onreadFor(receiver: Receiver): net.OnReadOpts {
  return { buffer: () => receiver.space(), callback: length => receiver.filled(length) }
}

/**
 * The same for `tls.connect`. A TLS socket goes on decrypting what it holds after it was paused, into memory
 * that was named before: so it is given the scratch, and the bytes are copied.
 */
export function onreadCopiedFor(receiver: Receiver): net.OnReadOpts {
  return { buffer: () => SCRATCH, callback: length => receiver.arrived(SCRATCH.subarray(0, length)) }
}
