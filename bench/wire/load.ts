import net from 'node:net'

/** One kind of traffic: `count` requests over `connections` connections, one after another on each. */
export interface Load {
  readonly method: 'GET' | 'PUT'
  readonly target: string
  readonly bytes: number
  readonly connections: number
  readonly count: number
}

const window = Buffer.alloc(512 * 1024)
const PIECE = Buffer.alloc(256 * 1024, 'what a client sends. ')

/** Runs it against a server on loopback; resolves to the seconds it took. */
export async function run(port: number, load: Load): Promise<number> {
  const began = performance.now()
  let left = load.count
  const clients = Array.from({ length: load.connections }, async () => {
    const client = new LoadClient(port)
    while (left-- > 0) await client.exchange(load)
    client.close()
  })
  await Promise.all(clients)
  return (performance.now() - began) / 1000
}

/** As little work as a client can do: answers are counted, not kept. */
class LoadClient {
  readonly #socket: net.Socket
  #head = ''
  /** Bytes of the answer that are to come; negative while its head is. */
  #left = -1
  #done: PromiseWithResolvers<void> | undefined

  constructor(port: number) {
    const onread = { buffer: window, callback: (length: number) => this.#read(length) }
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket.on('error', error => this.#done?.reject(error))
    this.#socket.on('close', () => this.#done?.reject(new Error('the server closed the connection')))
    this.#socket.setTimeout(30_000, () => this.#socket.destroy(new Error('the server said nothing for 30 s')))
  }

  async exchange({ method, target, bytes }: Load): Promise<void> {
    this.#head = ''
    this.#left = -1
    this.#done = Promise.withResolvers()
    const framing = method === 'PUT' ? `content-length: ${bytes}\r\n` : ''
    this.#socket.write(`${method} ${target} HTTP/1.1\r\nhost: bench\r\n${framing}\r\n`)
    if (method === 'PUT') {
      for (let sent = 0; sent < bytes; sent += PIECE.length) {
        const piece = PIECE.subarray(0, Math.min(PIECE.length, bytes - sent))
        await new Promise<void>(resolve => this.#socket.write(piece, () => resolve()))
      }
    }
    await this.#done.promise
    this.#done = undefined
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(length: number): boolean {
    let body = length
    if (this.#left < 0) {
      this.#head += window.toString('latin1', 0, length)
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return true
      const status = this.#head.slice(9, 12)
      if (!status.startsWith('2')) this.#done?.reject(new Error(`the server answered ${status}`))
      this.#left = Number(/content-length: (\d+)/i.exec(this.#head)?.[1] ?? 0)
      body = this.#head.length - end - 4
    }
    this.#left -= body
    if (this.#left === 0) {
      this.#left = -1
      this.#done?.resolve()
    }
    return true
  }
}
