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

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    for (const piece of pieces) this.#left -= piece.length
    if (this.#left < 0) {
      this.abort()
      throw new RangeError(`a request was given ${-this.#left} bytes more than it announced`)
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
      throw new RangeError(`a request ended ${this.#left} bytes before the length it announced`)
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
