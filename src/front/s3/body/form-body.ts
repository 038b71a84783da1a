import type { Body, Sink } from '../../../wire/body.ts'
import { S3Error } from '../errors.ts'
import { delimiterOf, type FormHead, MAX_FORM_HEAD, readFormHead } from '../forms/post-form.ts'
import { memoryBody, readSmallBody } from './small-body.ts'

export interface ReceivedForm extends Pick<FormHead, 'fields' | 'filename'> {
  readonly file: Body
}

/** Up to this size a form is read whole, so that fields may follow its file. */
const SMALL = 1024 * 1024

/**
 * Receives a form as far as its file, whose bytes wait for their reader. How long the file is, only its end
 * tells; a form too large to look is taken to end with it, as browsers and SDKs write forms.
 *
 * @throws S3Error MalformedPOSTRequest, InvalidArgument
 */
export async function receiveForm(body: Body, boundary: string): Promise<ReceivedForm> {
  if (body.length <= SMALL) return wholeForm(await readSmallBody(body, SMALL), boundary)
  const stream = new FormStream(body, boundary)
  const { fields, filename } = await stream.head
  return { fields, filename, file: stream }
}

function wholeForm(bytes: Buffer, boundary: string): ReceivedForm {
  const head = readFormHead(bytes, boundary)
  if (!head) throw malformed()
  const end = bytes.indexOf(delimiterOf(boundary), head.fileStart - 2)
  if (end < 0) throw malformed()
  return { ...head, file: memoryBody(bytes.subarray(head.fileStart, Math.max(head.fileStart, end))) }
}

/** A form on its way: its head into memory of its own, its file into its reader's. */
class FormStream implements Body, Sink {
  /** Resolves when the file begins. */
  readonly head: Promise<FormHead>
  length = 0
  readonly #boundary: string
  readonly #total: number
  readonly #reading: Promise<void>
  readonly #resolveHead: (head: FormHead) => void
  readonly #begun = Promise.withResolvers<void>()
  readonly #own = Buffer.alloc(MAX_FORM_HEAD)
  #held = 0
  #sink: Sink | undefined
  #space: Uint8Array = new Uint8Array(0)
  #delivered = 0
  /** The end of what was delivered, in which a delimiter may have begun. */
  #carry: Buffer = Buffer.alloc(0)
  #tail = ''

  constructor(body: Body, boundary: string) {
    this.#boundary = boundary
    this.#total = body.length
    const head = Promise.withResolvers<FormHead>()
    this.#resolveHead = head.resolve
    this.#reading = body.readInto(this)
    this.#reading.catch(head.reject)
    this.#begun.promise.catch(() => {})
    this.head = head.promise
  }

  // ---- the form, as a sink

  space(): Uint8Array {
    if (this.#sink && this.#delivered < this.length) this.#space = this.#sink.space()
    else this.#space = this.#own.subarray(this.#sink ? 0 : this.#held)
    if (this.#space.length === 0) throw malformed()
    return this.#space
  }

  filled(length: number): Promise<void> | undefined {
    if (this.#sink) return this.#fileFilled(length)
    this.#held += length
    const head = readFormHead(this.#own.subarray(0, this.#held), this.#boundary)
    if (!head) return undefined
    const end = delimiterOf(this.#boundary).length + '--\r\n'.length
    this.length = this.#total - head.fileStart - end
    if (this.length < 0) throw malformed()
    this.#own.copyWithin(0, head.fileStart, this.#held)
    this.#held -= head.fileStart
    this.#resolveHead(head)
    // Nothing more is read until somebody takes the file.
    return this.#begun.promise
  }

  #fileFilled(length: number): Promise<void> | undefined {
    const inFile = Math.min(length, this.length - this.#delivered)
    if (inFile < length) this.#addTail(this.#space.subarray(inFile, length))
    if (inFile === 0) return undefined
    this.#expectNoDelimiter(this.#space.subarray(0, inFile))
    this.#delivered += inFile
    return this.#sink!.filled(inFile)
  }

  #addTail(bytes: Uint8Array): void {
    this.#tail += Buffer.from(bytes).toString('latin1')
  }

  /** A file that ends before the form does is not as long as it was taken to be. */
  #expectNoDelimiter(bytes: Uint8Array): void {
    const delimiter = delimiterOf(this.#boundary)
    const run = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const seam = Buffer.concat([this.#carry, run.subarray(0, delimiter.length)])
    if (seam.includes(delimiter) || run.includes(delimiter))
      throw new S3Error(
        'MalformedPOSTRequest',
        'In a form of more than 1 MiB the file must be the last field. Please move it to the end.',
      )
    this.#carry = Buffer.concat([this.#carry, run.subarray(-delimiter.length)]).subarray(
      -delimiter.length + 1,
    )
  }

  // ---- the file, as a body

  async readInto(sink: Sink): Promise<void> {
    this.#sink = sink
    await this.#deliverHeld(sink)
    this.#begun.resolve()
    await this.#reading
    if (this.#tail !== `\r\n--${this.#boundary}--\r\n`) throw malformed()
  }

  async #deliverHeld(sink: Sink): Promise<void> {
    let at = 0
    while (at < this.#held && this.#delivered < this.length) {
      const space = sink.space()
      const size = Math.min(space.length, this.#held - at, this.length - this.#delivered)
      const run = this.#own.subarray(at, at + size)
      this.#expectNoDelimiter(run)
      space.set(run)
      at += size
      this.#delivered += size
      await sink.filled(size)
    }
    this.#addTail(this.#own.subarray(at, this.#held))
  }

  discard(): void {
    this.#begun.reject(new S3Error('MalformedPOSTRequest'))
  }
}

const malformed = () => new S3Error('MalformedPOSTRequest')
