import { createHash } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import { type Checkpoint, cosign, openCheckpoint } from './checkpoint.ts'
import { isBy, type Note, type Signer, signatureLine, type Verifier, writeNote } from './note.ts'
import { verifyConsistency } from './tree.ts'
import { type AddCheckpoint, readAddCheckpoint } from './witness-protocol.ts'

/** Keeps the newest cosigned head of each log. */
export interface WitnessStore {
  /** @param origin the log's name */
  load(origin: string): Promise<string | undefined>
  /** Durable when it resolves. */
  save(origin: string, note: string): Promise<void>
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 405 | 409 | 413 | 422
  readonly type: string
  readonly body: string
}

export interface WitnessOptions {
  readonly signer: Signer
  /** The logs that it knows, by their public keys. */
  readonly logs: readonly Verifier[]
  readonly store: WitnessStore
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Hears of heads that contradict an earlier one: proof of a forked log. */
  readonly onFork: (evidence: { origin: string; held: string | undefined; offered: string }) => void
}

const SILENT_AFTER = 5 * 60_000

const answer = (status: WitnessAnswer['status'], body: string, type = 'text/plain'): WitnessAnswer => ({
  status,
  type,
  body,
})

/**
 * A witness (c2sp.org/tlog-witness): cosigns a log's head only when it grew out of the last one. Run by
 * the customer, it makes a rewritten or forked log visible, and its clock ends the waiting times.
 */
export class Witness {
  readonly #options: WitnessOptions
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #heard = new Map<string, number>()

  constructor(options: WitnessOptions) {
    this.#options = options
    for (const { name } of options.logs) this.#heard.set(name, options.now())
  }

  /** The logs that have shown no head for five minutes, though an idle one shows one each minute. */
  silentLogs(): string[] {
    const oldest = this.#options.now() - SILENT_AFTER
    return [...this.#heard].filter(([, at]) => at < oldest).map(([name]) => name)
  }

  /** Answers one request; `path` is what stands behind the prefix. */
  async answer(method: string, path: string, body: Uint8Array): Promise<WitnessAnswer> {
    if (path === '/add-checkpoint')
      return method === 'POST' ? await this.#addCheckpoint(body) : answer(405, 'POST a checkpoint\n')
    const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1]
    const log = this.#options.logs.find(
      ({ name }) => createHash('sha256').update(name).digest('hex') === hash,
    )
    const note = log && (await this.#options.store.load(log.name))
    return note === undefined
      ? answer(404, 'no such checkpoint\n')
      : answer(200, note, 'text/plain; charset=utf-8')
  }

  async #addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    let request: AddCheckpoint
    try {
      request = readAddCheckpoint(body)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      return answer(error.code === 'TooLarge' ? 413 : 400, `${error.message}\n`)
    }
    const origin = request.note.text.slice(0, request.note.text.indexOf('\n'))
    const log = this.#options.logs.find(({ name }) => name === origin)
    if (!log) return answer(404, 'unknown origin\n')
    // Compared and kept as one step: two heads never pass against the same earlier one.
    const turn = (this.#turns.get(origin) ?? Promise.resolve()).then(() => this.#judge(request, log))
    this.#turns.set(
      origin,
      turn.catch(() => undefined),
    )
    return await turn
  }

  async #judge({ old, proof, note }: AddCheckpoint, log: Verifier): Promise<WitnessAnswer> {
    let offered: Checkpoint
    try {
      offered = openCheckpoint(note, log)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      return error.code === 'Unverified'
        ? answer(403, `${error.message}\n`)
        : answer(400, `${error.message}\n`)
    }
    if (old > offered.size) return answer(400, 'the old size is larger than the checkpoint\n')
    const heldNote = await this.#options.store.load(log.name)
    const held = heldNote === undefined ? undefined : openCheckpoint(heldNote, log)
    if (old !== (held?.size ?? 0)) return answer(409, `${held?.size ?? 0}\n`, 'text/x.tlog.size')
    const grew =
      old === 0 ? proof.length === 0 : verifyConsistency(old, held!.root, offered.size, offered.root, proof)
    if (!grew) {
      this.#options.onFork({ origin: log.name, held: heldNote, offered: writeNote(note) })
      return answer(422, 'the checkpoint did not grow out of the last one\n')
    }
    return await this.#cosign(note, log)
  }

  async #cosign(note: Note, log: Verifier): Promise<WitnessAnswer> {
    const { signer, now, store } = this.#options
    const cosignature = cosign(note.text, signer, Math.floor(now() / 1000))
    const signatures = [...note.signatures.filter(signature => isBy(signature, log)), cosignature]
    await store.save(log.name, writeNote({ text: note.text, signatures }))
    this.#heard.set(log.name, now())
    return answer(200, signatureLine(cosignature))
  }
}
