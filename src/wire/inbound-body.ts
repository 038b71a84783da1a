import type { Body, Sink } from './body.ts'

/** What an `InboundBody` is read from. */
export interface BodySource {
  beginBody(body: InboundBody, sink: Sink): void
  discardBody(body: InboundBody): void
}

/** One body of a connection, as its reader sees it. */
export class InboundBody implements Body {
  readonly length: number
  readonly #source: BodySource
  readonly #onRead: () => void
  #resolve: (() => void) | undefined
  #reject: ((why: unknown) => void) | undefined
  #begun = false

  constructor(source: BodySource, length: number, onRead: () => void) {
    this.#source = source
    this.length = length
    this.#onRead = onRead
  }

  readInto(sink: Sink): Promise<void> {
    if (this.#begun) return Promise.reject(new TypeError('a body is read once'))
    this.#begun = true
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#onRead()
      this.#source.beginBody(this, sink)
    })
  }

  discard(): void {
    this.#begun = true
    this.#source.discardBody(this)
  }

  /** For the source: the whole body was taken. */
  taken(): void {
    this.#resolve?.()
  }

  /** For the source: no more will come. */
  failed(why: unknown): void {
    this.#reject?.(why)
  }
}
