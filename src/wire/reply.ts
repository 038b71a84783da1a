import type { Fields, Reply, ReplyBody } from './exchange.ts'
import { fieldLines } from './fields.ts'
import type { Outbound } from './outbound.ts'
import { REASONS } from './reasons.ts'

/** The exchange that a reply answers, as far as it steers how the answer is framed. */
export interface ReplySetting {
  readonly method: string
  /** HTTP/1.0 knows no chunks: there, the end of the connection ends a body of unknown length. */
  readonly legacy: boolean
  readonly out: Outbound
  /** Asked once, when the head is written: whether the connection may serve another request. */
  staysOpen(): boolean
  /** Breaks the connection. */
  cut(): void
}

/** The one answer to one request: its framing is written here and its promises about length are kept. */
export class ConnectionReply implements Reply {
  readonly #setting: ReplySetting
  #state: 'open' | 'started' | 'ended' = 'open'
  #staysOpen = false

  constructor(setting: ReplySetting) {
    this.#setting = setting
  }

  get started(): boolean {
    return this.#state !== 'open'
  }

  /** The answer went out whole. */
  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Whether the answer promised that the connection goes on. */
  get staysOpen(): boolean {
    return this.#staysOpen
  }

  async send(status: number, fields: Fields, body: Uint8Array, length = body.length): Promise<void> {
    const bodiless = this.#setting.method === 'HEAD' || status === 304 || status === 204
    if (bodiless ? body.length > 0 : length !== body.length)
      throw new TypeError(`an answer of ${length} bytes was given ${body.length}`)
    const framing = status === 204 || (status === 304 && length === 0) ? '' : `content-length: ${length}\r\n`
    await this.#setting.out.writeSmall(this.#start(status, fields, framing, this.#setting.staysOpen()), body)
    this.#state = 'ended'
  }

  stream(status: number, fields: Fields, length: number): ReplyBody {
    if (this.#setting.method === 'HEAD') throw new TypeError('a HEAD request is answered with send')
    const head = this.#start(status, fields, `content-length: ${length}\r\n`, this.#setting.staysOpen())
    return new LengthBody(this.#setting, head, length, () => this.#end())
  }

  streamChunked(status: number, fields: Fields): ReplyBody {
    const { method, legacy } = this.#setting
    if (method === 'HEAD') throw new TypeError('a HEAD request is answered with send')
    if (legacy) {
      const head = this.#start(status, fields, '', false)
      return new LengthBody(this.#setting, head, undefined, () => this.#end())
    }
    const head = this.#start(status, fields, 'transfer-encoding: chunked\r\n', this.#setting.staysOpen())
    return new ChunkedBody(this.#setting, head, () => this.#end())
  }

  #start(status: number, fields: Fields, framing: string, staysOpen: boolean): string {
    if (this.#state !== 'open') throw new TypeError('a request is answered once')
    const lines = fieldLines(fields)
    this.#state = 'started'
    this.#staysOpen = staysOpen
    // HTTP/1.0 reads the absence of this field as `close`, HTTP/1.1 as its opposite (RFC 9112 9.3).
    const connection = staysOpen ? '' : 'connection: close\r\n'
    return `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n${lines}date: ${httpDate()}\r\n${framing}${connection}\r\n`
  }

  #end(): void {
    this.#state = 'ended'
  }
}

/** Bytes up to which a body is copied behind its head: one piece costs the socket half of what two do. */
const COPIED = 16 * 1024
const NOTHING = new Uint8Array(0)

/** A body whose length was announced, or (`undefined`) one that the end of the connection ends. */
class LengthBody implements ReplyBody {
  readonly #setting: ReplySetting
  readonly #ended: () => void
  #head: string | undefined
  #left: number

  constructor(setting: ReplySetting, head: string, length: number | undefined, ended: () => void) {
    this.#setting = setting
    this.#head = head
    this.#left = length ?? Number.POSITIVE_INFINITY
    this.#ended = ended
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    for (const piece of pieces) this.#left -= piece.length
    if (this.#left < 0) {
      this.cut()
      throw new RangeError(`an answer was given ${-this.#left} bytes more than it announced`)
    }
    const head = this.#head
    this.#head = undefined
    const { out } = this.#setting
    if (head === undefined) return out.write(pieces)
    const [body = NOTHING, ...more] = pieces
    if (more.length === 0 && body.length <= COPIED) return out.writeSmall(head, body)
    return out.write([Buffer.from(head, 'latin1'), ...pieces])
  }

  async end(): Promise<void> {
    if (this.#left > 0 && this.#left !== Number.POSITIVE_INFINITY) {
      this.cut()
      throw new RangeError(`an answer ended ${this.#left} bytes before the length it announced`)
    }
    if (this.#head !== undefined) await this.write([])
    this.#ended()
  }

  cut(): void {
    this.#setting.cut()
  }
}

const CRLF = Buffer.from('\r\n')

/** RFC 9112 7.1, without extensions and trailers. */
class ChunkedBody implements ReplyBody {
  readonly #setting: ReplySetting
  readonly #ended: () => void
  #head: string

  constructor(setting: ReplySetting, head: string, ended: () => void) {
    this.#setting = setting
    this.#head = head
    this.#ended = ended
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    // A chunk of no bytes would end the body.
    if (length === 0) return undefined
    return this.#setting.out.write([this.#opening(`${length.toString(16)}\r\n`), ...pieces, CRLF])
  }

  async end(): Promise<void> {
    await this.#setting.out.write([this.#opening('0\r\n\r\n')])
    this.#ended()
  }

  cut(): void {
    this.#setting.cut()
  }

  #opening(line: string): Buffer {
    const opening = Buffer.from(this.#head + line, 'latin1')
    this.#head = ''
    return opening
  }
}

let dateSecond = 0
let dateText = ''

/** The time as HTTP writes it, made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}
