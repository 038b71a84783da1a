import type {
  AccessKeys,
  Escort,
  Escorted,
  EscortedAccessKey,
  EscortedIntent,
  KeyScope,
} from '../front/s3/access.ts'
import { S3Error } from '../front/s3/errors.ts'
import { NoLease } from '../keys/custodian.ts'
import { type EscortedKey, type Escorts, isEscorted } from '../keys/escorts.ts'
import type { Log } from './log.ts'

/**
 * The proxy's own access keys, and those of the custodian's escorted accesses. Of the latter a process keeps what
 * verifies signatures until the access ends; it allows nothing by itself, as each request is asked for.
 */
export function withEscorts(own: AccessKeys, escorts: Escorts | undefined, log: Log): AccessKeys {
  if (!escorts) return own
  const accesses = new EscortedAccesses(escorts, log)
  return {
    async find(id, scope) {
      const key = await own.find(id, scope)
      return key ?? (isEscorted(id) ? await accesses.find(id, scope) : undefined)
    },
  }
}

class EscortedAccesses {
  readonly #escorts: Escorts
  readonly #log: Log
  /** By access key, then by day and region. */
  readonly #known = new Map<string, Map<string, EscortedKey>>()
  /** What is being served, by access key. */
  readonly #served = new Map<string, Set<AbortController>>()

  constructor(escorts: Escorts, log: Log) {
    this.#escorts = escorts
    this.#log = log
    escorts.onEnded(ids => {
      for (const id of ids === 'all' ? [...this.#known.keys()] : ids) this.#drop(id)
    })
  }

  async find(id: string, { day, region }: KeyScope): Promise<EscortedAccessKey | undefined> {
    const when = `${day}/${region}`
    const kept = this.#known.get(id)?.get(when)
    // Of one that is over, the custodian says how it ended.
    const key = kept && Date.now() < kept.until ? kept : await this.#ask(id, day, region)
    if (!key) return undefined
    this.#known.set(id, (this.#known.get(id) ?? new Map()).set(when, key))
    const { tenant, bucket, prefixes, actions, networks, until, signingKey } = key
    const grant = { buckets: [bucket], prefixes, actions, networks, expires: new Date(until) }
    return { id, tenant, grants: [grant], signingKey, escort: this.#escort(id) }
  }

  async #ask(id: string, day: string, region: string): Promise<EscortedKey | undefined> {
    this.#known.delete(id)
    return await this.#escorts.find(id, day, region).catch(refused)
  }

  #escort(id: string): Escort {
    return {
      admit: async intent => {
        // Before it is asked for: an end that comes with the answer must not be missed.
        const { ended, over } = this.#begin(id)
        const request = await this.#admit(id, intent).catch(error => {
          over()
          throw error
        })
        const escorted: Escorted = {
          ended,
          answered: async answer => {
            over()
            await this.#escorts
              .answered({ escort: id, request, ...answer })
              .catch((error: Error) =>
                this.#log.error('escort-not-told', { accessKeyId: id, reason: error.message }),
              )
          },
        }
        return escorted
      },
    }
  }

  async #admit(escort: string, intent: EscortedIntent): Promise<string> {
    return await this.#escorts.admit({ escort, ...intent }).catch(refused)
  }

  #begin(id: string): { ended: AbortSignal; over(): void } {
    const served = this.#served.get(id) ?? new Set()
    this.#served.set(id, served)
    const controller = new AbortController()
    served.add(controller)
    const over = () => {
      served.delete(controller)
      if (served.size === 0) this.#served.delete(id)
    }
    return { ended: controller.signal, over }
  }

  #drop(id: string): void {
    for (const { signingKey } of this.#known.get(id)?.values() ?? []) signingKey.fill(0)
    this.#known.delete(id)
    for (const controller of this.#served.get(id) ?? []) controller.abort()
  }
}

/** The custodian's own words where it refuses; of all else no more than that it cannot be asked. */
function refused(error: unknown): never {
  if (!(error instanceof NoLease)) throw error
  if (error.reason === 'refused') throw new S3Error('AccessDenied', error.message)
  throw new S3Error('EscortUnavailable')
}
