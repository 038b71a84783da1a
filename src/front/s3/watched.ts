import type { Body, Sink, UnsizedBody } from '../../wire/body.ts'
import type { Fields, Reply, ReplyBody, Request } from '../../wire/exchange.ts'
import type { Escorted, EscortedIntent, Intent } from './access.ts'
import type { Operation } from './call.ts'
import { S3Error } from './errors.ts'

/** What somebody asks for under an escort: everything that its address does not name whole is beyond it. */
export function escortedIntent(
  operation: Operation,
  intent: Intent | undefined,
  address: string,
): EscortedIntent {
  const { action, bucket, key = '' } = intent ?? { action: 'manage', bucket: '' }
  const beyond = operation.touchesOthers || action === 'configure' || action === 'manage'
  return { operation: operation.name, action: beyond ? 'beyond' : action, bucket, key, address }
}

/**
 * A request and its answer under an escort: its bytes are counted, and stop when the access ends. What has not begun
 * then is refused; what has is cut.
 */
export class Watched {
  readonly request: Request
  readonly reply: Reply
  readonly #escorted: Escorted
  #status = 0
  #received = 0
  #sent = 0

  constructor(request: Request, reply: Reply, escorted: Escorted) {
    this.#escorted = escorted
    const { method, target, headers, remoteAddress, secure } = request
    this.request = { method, target, headers, remoteAddress, secure, body: this.#counted(request.body) }
    this.reply = this.#guarded(reply)
  }

  /** It was answered by an error, outside of this reply; 0 where it broke off. */
  failed(status: number): void {
    this.#status = status
  }

  /** Tells the escort how it went. */
  async answered(): Promise<void> {
    await this.#escorted.answered({ status: this.#status, received: this.#received, sent: this.#sent })
  }

  #assertGoesOn(): void {
    if (this.#escorted.ended.aborted) throw new S3Error('AccessDenied', ENDED)
  }

  #counted(body: Body | UnsizedBody): Body | UnsizedBody {
    const counting = (sink: Sink): Sink => ({
      space: () => sink.space(),
      filled: length => {
        this.#received += length
        this.#assertGoesOn()
        return sink.filled(length)
      },
    })
    return {
      length: body.length,
      readInto: sink => body.readInto(counting(sink)),
      discard: () => body.discard(),
    } as Body | UnsizedBody
  }

  #guarded(reply: Reply): Reply {
    return {
      send: async (status, fields, body, length) => {
        this.#assertGoesOn()
        this.#status = status
        this.#sent = body.length
        await reply.send(status, fields, body, length)
      },
      stream: (status, fields, length) => this.#stream(status, () => reply.stream(status, fields, length)),
      streamChunked: (status, fields: Fields) =>
        this.#stream(status, () => reply.streamChunked(status, fields)),
      get started() {
        return reply.started
      },
    }
  }

  #stream(status: number, begin: () => ReplyBody): ReplyBody {
    this.#assertGoesOn()
    this.#status = status
    const body = begin()
    const { ended } = this.#escorted
    // Also where the client reads nothing, so that no write comes by any more.
    const cut = () => body.cut()
    ended.addEventListener('abort', cut, { once: true })
    return {
      write: pieces => {
        this.#assertGoesOn()
        for (const piece of pieces) this.#sent += piece.length
        return body.write(pieces)
      },
      end: async () => {
        ended.removeEventListener('abort', cut)
        await body.end()
      },
      cut: () => {
        ended.removeEventListener('abort', cut)
        body.cut()
      },
    }
  }
}

const ENDED = 'This escorted access has ended. Ask the officers for a new one.'
