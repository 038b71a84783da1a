import { once } from 'node:events'
import net from 'node:net'
import { type Reading, type ReadingSocket, type Receiver, readAccepted, SCRATCH } from './socket-reading.ts'

/** How long the proof may take before the direct way counts as broken. */
const PATIENCE = 5_000

const SENT = Buffer.alloc(400 * 1024, 'what is read must be what was sent, byte by byte; ')

let proof: Promise<Reading> | undefined

/** `direct` where this Node reads accepted sockets into named memory; tried over loopback, once a process. */
export function directReading(): Promise<Reading> {
  proof ??= prove().then(
    () => 'direct',
    () => 'copied',
  )
  return proof
}

/** Receives `SENT` in uneven reads, held back now and then, and once with its memory withdrawn. */
async function prove(): Promise<void> {
  const outcome = Promise.withResolvers<void>()
  const listener = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, accepted => {
    try {
      const receiver = new ProvingReceiver(outcome)
      receiver.reading = readAccepted(accepted, receiver, 'direct')
      receiver.reading.socket.on('error', outcome.reject)
    } catch (error) {
      outcome.reject(error)
    }
  })
  const late = setTimeout(
    () => outcome.reject(new Error('the proof of direct reading took too long')),
    PATIENCE,
  )
  let client: net.Socket | undefined
  try {
    // Exclusive: in a worker of node:cluster the primary would hand the connection to another worker.
    listener.listen({ port: 0, host: '127.0.0.1', exclusive: true })
    await once(listener, 'listening')
    client = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1')
    client.on('error', outcome.reject)
    client.end(SENT)
    await outcome.promise
  } finally {
    clearTimeout(late)
    client?.destroy()
    listener.close()
  }
}

class ProvingReceiver implements Receiver {
  reading!: ReadingSocket
  readonly #outcome: { resolve(): void; reject(why: Error): void }
  readonly #got = Buffer.alloc(SENT.length + 1)
  #at = 0
  #reads = 0
  #withdrawn = false

  constructor(outcome: { resolve(): void; reject(why: Error): void }) {
    this.#outcome = outcome
  }

  space(): Uint8Array {
    return this.#got.subarray(this.#at, this.#at + 4096 + (this.#reads % 3) * 1000)
  }

  filled(length: number): boolean {
    if (this.#withdrawn) {
      SCRATCH.copy(this.#got, this.#at, 0, length)
      this.#withdrawn = false
    }
    this.#at += length
    if (++this.#reads % 7 !== 0) return true
    setImmediate(() => {
      if (this.#reads === 14) {
        this.#withdrawn = true
        this.reading.withdraw()
      }
      this.reading.resume()
    })
    return false
  }

  arrived(): boolean {
    this.#outcome.reject(new Error('bytes came the plain way'))
    return true
  }

  ended(): void {
    if (this.#got.subarray(0, this.#at).equals(SENT)) this.#outcome.resolve()
    else this.#outcome.reject(new Error('what was read is not what was sent'))
    this.reading.socket.destroy()
  }
}
