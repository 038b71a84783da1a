import type { Fields, ReplyBody } from '../../wire/exchange.ts'
import { HOST_FIELD, requestFields } from './answer.ts'
import type { Call } from './call.ts'
import { S3_NAMESPACE, XML_DECLARATION, type XmlNode, xmlElement } from './xml/write.ts'

/** Milliseconds after which a client hears that its answer is on its way, and between signs of life. */
const PATIENCE = 10_000

export interface SlowResult {
  readonly root: string
  readonly content: readonly XmlNode[]
  /** Left out where the answer had to begin before they were known, as S3 leaves them out. */
  readonly fields: Fields
}

/**
 * Answers with a document that may take long to be true: a copy, the completion of an upload. After some time
 * the answer begins with status 200, and white space keeps the connection alive; what then fails is an error
 * document inside the 200 ("CompleteMultipartUpload", "CopyObject", "UploadPartCopy": clients must read the body).
 * The request counts as failed all the same.
 */
export async function sendWhenDone(call: Call, work: () => Promise<SlowResult>): Promise<void> {
  const waiting = new Waiting(call)
  try {
    const { fields, element } = await outcome(call, work, waiting)
    await waiting.finish(fields, element)
  } finally {
    waiting.stop()
  }
}

async function outcome(
  call: Call,
  work: () => Promise<SlowResult>,
  waiting: Waiting,
): Promise<{ readonly fields: Fields; readonly element: string }> {
  try {
    const { root, content, fields } = await work()
    return { fields, element: xmlElement(root, content, S3_NAMESPACE) }
  } catch (error) {
    if (!waiting.begun) throw error
    return { fields: [], element: xmlElement('Error', await call.failedLate(error)) }
  }
}

class Waiting {
  readonly #call: Call
  readonly #timer: NodeJS.Timeout
  #body: ReplyBody | undefined
  #written: Promise<void> | undefined

  constructor(call: Call) {
    this.#call = call
    this.#timer = setInterval(() => this.#signOfLife(), call.settings.patience ?? PATIENCE)
  }

  get begun(): boolean {
    return this.#body !== undefined
  }

  async finish(fields: Fields, element: string): Promise<void> {
    this.stop()
    const bytes = Buffer.from(this.#body ? element : XML_DECLARATION + element, 'utf8')
    if (!this.#body) return this.#call.reply.send(200, this.#fields(fields), bytes)
    await this.#written
    await this.#body.write([bytes])
    await this.#body.end()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #signOfLife(): void {
    const first = this.#body === undefined
    this.#body ??= this.#call.reply.streamChunked(200, this.#fields([HOST_FIELD]))
    this.#written = this.#body.write([Buffer.from(first ? XML_DECLARATION : ' ')])
    // Nobody may be left to hear it; the work goes on, and `finish` meets the failure.
    this.#written?.catch(() => this.stop())
  }

  #fields(more: Fields): Fields {
    return [...requestFields(this.#call.requestId), ['content-type', 'application/xml'], ...more]
  }
}
