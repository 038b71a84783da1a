import type { Writer } from './body.ts'
import type { Arrival, ClientConnection } from './client-connection.ts'
import { PeerFailed } from './errors.ts'
import { type Response, responseOf } from './response.ts'

/** A request whose body goes out piece by piece. Exactly one of `finish` and `abort` ends it. */
export interface Upload extends Writer {
  /**
   * The answer. To be called when the whole body was written, or when a write threw `AnsweredEarly`.
   * @throws PeerFailed
   */
  finish(): Promise<Response>
  /** Resets the connection: the peer has a request that it cannot take for a whole one. */
  abort(): void
}

/** An upload over one connection, which it alone uses until its answer has been read. */
export class ConnectionUpload implements Upload {
  readonly #connection: ClientConnection
  readonly #answer: Promise<Arrival>
  #head: string | undefined
  #left: number

  constructor(connection: ClientConnection, method: string, head: string, length: number) {
    this.#connection = connection
    this.#answer = connection.expectAnswer(method)
    this.#head = head
    this.#left = length
  }

  /**
   * Sends the head alone, and waits for the peer to ask for the body or to answer.
   * @returns false where it did neither in `patience` milliseconds
   * @throws PeerFailed; nothing of the body was sent then
   */
  async announce(patience: number): Promise<boolean> {
    const continued = this.#connection.expectContinue(patience)
    // Where the head cannot be written, that is what is told.
    continued.catch(() => {})
    const head = this.#head!
    this.#head = undefined
    await this.#connection.out.write([Buffer.from(head, 'latin1')])
    return await continued
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    for (const piece of pieces) this.#left -= piece.length
    if (this.#left < 0) {
      this.abort()
      throw tooLong(-this.#left)
    }
    const head = this.#head
    this.#head = undefined
    const wait = this.#connection.out.write(
      head === undefined ? pieces : [Buffer.from(head, 'latin1'), ...pieces],
    )
    if (this.#left === 0) this.#connection.requestSent()
    return wait
  }

  async finish(): Promise<Response> {
    if (this.#head !== undefined && this.#left === 0) await this.write([])
    if (this.#left > 0 && !this.#connection.answered) {
      this.abort()
      throw tooShort(this.#left)
    }
    this.#connection.awaitAnswer()
    const response = responseOf(await this.#answer)
    if (this.#left === 0 || response.status >= 300) return response
    response.discard()
    throw new PeerFailed('malformed-answer', 'the peer announced success before it had the whole request')
  }

  abort(): void {
    this.#connection.fail(new PeerFailed('aborted', 'the upload was given up'))
  }
}

/** A small upload: the peer hears of it when it is whole, so that it can be sent twice. */
export class HeldUpload implements Upload {
  readonly #body: Buffer
  readonly #send: (body: Uint8Array) => Promise<Response>
  #filled = 0

  constructor(length: number, send: (body: Uint8Array) => Promise<Response>) {
    this.#body = Buffer.allocUnsafe(length)
    this.#send = send
  }

  write(pieces: readonly Uint8Array[]): undefined {
    for (const piece of pieces) {
      if (this.#filled + piece.length > this.#body.length)
        throw tooLong(this.#filled + piece.length - this.#body.length)
      this.#body.set(piece, this.#filled)
      this.#filled += piece.length
    }
  }

  async finish(): Promise<Response> {
    if (this.#filled < this.#body.length) throw tooShort(this.#body.length - this.#filled)
    return await this.#send(this.#body)
  }

  abort(): void {}
}

const tooLong = (by: number) => new RangeError(`a request was given ${by} bytes more than it announced`)
const tooShort = (by: number) => new RangeError(`a request ended ${by} bytes before the length it announced`)
