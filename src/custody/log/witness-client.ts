import { createHash } from 'node:crypto'
import { type Dispatcher, request } from 'undici'
import { CustodyError } from '../errors.ts'
import { type Checkpoint, cosignedAt, openCheckpoint } from './checkpoint.ts'
import { type Note, readNote, readSignatureLines, type Verifier } from './note.ts'
import { type AddCheckpoint, MAX_REQUEST, writeAddCheckpoint } from './witness-protocol.ts'

/** What a witness said to a head. */
export type WitnessWord =
  /** `note` carries its cosignature; `at` is the witness's clock in seconds since 1970. */
  | { readonly said: 'cosigned'; readonly note: Note; readonly at: number }
  /** It holds another size than the one the proof began with. */
  | { readonly said: 'holds'; readonly size: number }
  /** It holds a head that this one did not grow out of. */
  | { readonly said: 'contradicted' }

export interface WitnessClient {
  readonly verifier: Verifier
  /** @throws CustodyError `Unreachable` when it is silent, `Refused` when it does not know the log */
  add(checkpoint: AddCheckpoint): Promise<WitnessWord>
  /** The newest head of the log that it cosigned; undefined where it never did. */
  latest(log: Verifier): Promise<(Checkpoint & { readonly note: Note }) | undefined>
}

export interface WitnessAddress {
  /** Prefix of its service, as `https://witness.example/`. */
  readonly url: string
  readonly verifier: Verifier
  /** Pins the witness's certificate; see docs/custody.md. */
  readonly dispatcher?: Dispatcher
}

const DEADLINE = 10_000

/** Speaks to a witness by c2sp.org/tlog-witness. */
export function witnessClient({ url, verifier, dispatcher }: WitnessAddress): WitnessClient {
  const prefix = url.replace(/\/$/, '')
  const ask = async (path: string, body?: string): Promise<{ status: number; body: string }> => {
    try {
      const answer = await request(`${prefix}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body }),
        ...(dispatcher ? { dispatcher } : {}),
        headersTimeout: DEADLINE,
        bodyTimeout: DEADLINE,
        signal: AbortSignal.timeout(DEADLINE),
      })
      return { status: answer.statusCode, body: await readCapped(answer.body) }
    } catch (error) {
      if (error instanceof CustodyError) throw error
      throw new CustodyError(
        'Unreachable',
        `The witness ${verifier.name} does not answer. Start it, or mend the network to it.`,
      )
    }
  }
  return {
    verifier,
    async add(checkpoint) {
      const { status, body } = await ask('/add-checkpoint', writeAddCheckpoint(checkpoint))
      switch (status) {
        case 200:
          return cosigned(checkpoint.note, body, verifier)
        case 409:
          return { said: 'holds', size: heldSize(body) }
        case 422:
          return { said: 'contradicted' }
        case 403:
        case 404:
          throw new CustodyError(
            'Refused',
            `The witness ${verifier.name} does not know this log. Start it with the log's key among --logs.`,
          )
        default:
          throw new CustodyError(
            'Unreachable',
            `The witness ${verifier.name} answered ${status}. Look at its log.`,
          )
      }
    },
    async latest(log) {
      const hash = createHash('sha256').update(log.name).digest('hex')
      const { status, body } = await ask(`/${hash}/checkpoint`)
      if (status === 404) return undefined
      if (status !== 200)
        throw new CustodyError(
          'Unreachable',
          `The witness ${verifier.name} answered ${status}. Look at its log.`,
        )
      const note = readNote(body)
      if (cosignatureTime(note, verifier) === undefined)
        throw new CustodyError(
          'Unverified',
          `The witness ${verifier.name} gave a head that it did not cosign. Start it with the key that the configuration names.`,
        )
      return openCheckpoint(note, log)
    },
  }
}

/** Seconds since 1970 at which the witness cosigned the note. */
export function cosignatureTime(note: Note, witness: Verifier): number | undefined {
  const times = note.signatures.map(signature => cosignedAt(note.text, signature, witness))
  return times.find(time => time !== undefined)
}

function cosigned(note: Note, body: string, verifier: Verifier): WitnessWord {
  const signatures = readSignatureLines(body).filter(
    signature => cosignedAt(note.text, signature, verifier) !== undefined,
  )
  const merged = { text: note.text, signatures: [...note.signatures, ...signatures] }
  const at = cosignatureTime(merged, verifier)
  if (at === undefined)
    throw new CustodyError(
      'Unverified',
      `The witness ${verifier.name} answered with a cosignature that is not its own. Start it with the key that the configuration names.`,
    )
  return { said: 'cosigned', note: merged, at }
}

function heldSize(body: string): number {
  const size = /^(0|[1-9][0-9]{0,15})\n$/.exec(body)?.[1]
  if (size === undefined) throw new CustodyError('Malformed', 'the witness did not say which size it holds')
  return Number(size)
}

async function readCapped(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_REQUEST) throw new CustodyError('TooLarge', 'the witness answered with too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
