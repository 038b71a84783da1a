import type { FastifyRequest } from 'fastify'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { PersonRequest, PersonRequests } from '../signed-request.ts'
import { admitToken, type TokenScope } from '../tokens.ts'
import { bearer } from './app.ts'

/** A signed request as a call without a body carries it: document and signature in base64url. */
const SIGNED = /^Signed ([\w-]{1,6000})\.([\w-]{1,8000})$/
/** While it is so closed it knows nobody, and says to each no more than to a stranger. */
const CLOSED = ['Sealed', 'Killed', 'Forked', 'Restored']

/** Who asks about what people propose and decide: a script by its token, an officer or delegate by a signed request. */
export class Askers {
  readonly #custody: Custody
  readonly #requests: PersonRequests

  constructor(custody: Custody, requests: PersonRequests) {
    this.#custody = custody
    this.#requests = requests
  }

  /** @throws CustodyError `Refused` for whoever has no part in it */
  async admitReader(request: FastifyRequest): Promise<void> {
    const word = wordOf(request)
    if (!word) return void (await this.admitToken(request, ['operator', 'auditor']))
    assertIs('look', await this.#requests.look(...word))
  }

  /** Whether whoever asks may read; a stranger may ask too. @throws CustodyError `Refused` for a word that is not good */
  async isReader(request: FastifyRequest): Promise<boolean> {
    if (request.headers.authorization === undefined) return false
    try {
      await this.admitReader(request)
      return true
    } catch (error) {
      if (error instanceof CustodyError && CLOSED.includes(error.code)) return false
      throw error
    }
  }

  /** Who may have an approved proposal carried out. @throws CustodyError `Refused`, `Malformed` */
  async admitExecutor(request: FastifyRequest, proposal: string, dryRun: boolean): Promise<void> {
    const word = wordOf(request)
    if (!word) return void (await this.admitToken(request, ['operator']))
    const asked = await this.#requests.takeOrTry(...word)
    assertIs('execute', asked)
    if (asked.params['proposal'] !== proposal || asked.dryRun !== dryRun)
      throw new CustodyError('Malformed', 'What was signed is not to carry out this proposal.')
  }

  /** Judges the token of a request. @returns its id */
  async admitToken(request: FastifyRequest, scopes: readonly TokenScope[]): Promise<string> {
    return await admitToken(this.#custody, bearer(request), request.raw.socket.remoteAddress ?? '', scopes)
  }
}

function wordOf({ headers }: FastifyRequest): readonly [document: string, signature: string] | undefined {
  const [, document, signature] = SIGNED.exec(headers.authorization ?? '') ?? []
  if (document === undefined || signature === undefined) return undefined
  const text = (part: string) => Buffer.from(part, 'base64url').toString('utf8')
  return [text(document), text(signature)]
}

function assertIs(act: string, asked: PersonRequest): void {
  if (asked.act !== act) throw new CustodyError('Malformed', `What was signed is ${asked.act}, not ${act}.`)
}
