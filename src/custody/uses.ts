import type { GroupKeyState, Purpose } from '../keys/custodian.ts'
import { nodeEngine } from '../seal/engine-node.ts'
import { unwrapFor, wrapFor } from '../seal/envelope.ts'
import { DoesNotOpen } from '../seal/errors.ts'
import { WrappingKey } from '../seal/wrapping-key.ts'
import type { Custody } from './custody.ts'
import type { CustodyErrorCode } from './errors.ts'
import type { Caller, Leases } from './leases.ts'
import type { Opened } from './opened.ts'
import type { ProxyRecord, TenantRecord } from './people.ts'
import { perUseRule, unfit } from './per-use.ts'
import type { Kept } from './records.ts'

/** One DEK to wrap or unwrap, as a proxy asks for it. */
export interface UseAsk {
  readonly bucket: string
  /** The object's. */
  readonly key: string
  /** 162 bytes. */
  readonly envelope: Uint8Array
  /** 32 bytes to wrap; absent: the envelope's is to be unwrapped. */
  readonly dek?: Uint8Array
  readonly purpose: Purpose
}

export type UseAnswer =
  | { readonly bytes: Uint8Array }
  | { readonly refused: CustodyErrorCode; readonly message: string }

const KEY_ID = { from: 3, to: 19 } as const

/**
 * Group keys that never leave: the custodian wraps and unwraps each DEK by itself. Every use is judged (proxy,
 * fence, the bucket's rule, the key's state), and in the log before its answer leaves.
 */
export class Uses {
  readonly #custody: Custody
  readonly #leases: Leases

  constructor(custody: Custody, leases: Leases) {
    this.#custody = custody
    this.#leases = leases
  }

  /** @throws CustodyError `Sealed`, `Killed`, `Forked`, `Refused` */
  async use(caller: Caller, asks: readonly UseAsk[]): Promise<readonly UseAnswer[]> {
    const { opened, proxy, tenant } = await this.#leases.admitLease(caller)
    const keys = new OpenKeys(opened, tenant.id)
    try {
      const answers = await Promise.all(
        asks.map(async ask => await this.#one(opened, keys, caller, proxy, tenant, ask)),
      )
      // Seals and kills that came while the log was written must win.
      this.#custody.opened(tenant.id)
      return answers
    } finally {
      await keys.wipe()
    }
  }

  async #one(
    opened: Opened,
    keys: OpenKeys,
    caller: Caller,
    proxy: Kept<ProxyRecord>,
    tenant: Kept<TenantRecord>,
    ask: UseAsk,
  ): Promise<UseAnswer> {
    const answer = await judged(keys, proxy, tenant, ask)
    const { bucket, key, envelope, dek, purpose } = ask
    const { action, caller: accessKey, reason } = purpose
    await opened.log.append({
      type: 'per-use',
      at: this.#custody.now(),
      body: {
        proxy: proxy.id,
        tenant: tenant.id,
        bucket,
        key: hex(envelope.subarray(KEY_ID.from, KEY_ID.to)),
        done: dek ? 'wrap' : 'unwrap',
        action,
        ...(reason !== undefined && { reason }),
        ...('refused' in answer && { refused: answer.refused }),
      },
      hidden: {
        object: key,
        address: caller.address,
        ...(accessKey !== undefined && { person: accessKey }),
      },
    })
    return answer
  }
}

interface OpenKey {
  readonly wrapping: WrappingKey
  readonly state: GroupKeyState
}

/** The group keys that one call uses, each opened once. */
class OpenKeys {
  readonly #opened: Opened
  readonly #tenant: string
  readonly #keys = new Map<string, Promise<OpenKey | undefined>>()

  constructor(opened: Opened, tenant: string) {
    this.#opened = opened
    this.#tenant = tenant
  }

  async byId(bucket: string, id: Uint8Array): Promise<OpenKey | undefined> {
    const name = `${bucket}/${hex(id)}`
    const open = this.#keys.get(name) ?? this.#open(bucket, id)
    this.#keys.set(name, open)
    return await open
  }

  async wipe(): Promise<void> {
    for (const open of await Promise.allSettled(this.#keys.values()))
      if (open.status === 'fulfilled') open.value?.wrapping.wipe()
  }

  async #open(bucket: string, id: Uint8Array): Promise<OpenKey | undefined> {
    const found = await this.#opened.groupKeys.byId(this.#tenant, bucket, id)
    if (!found) return undefined
    const wrapping = WrappingKey.whole(nodeEngine, found.id, found.key)
    found.key.fill(0)
    return { wrapping, state: found.state }
  }
}

async function judged(
  keys: OpenKeys,
  proxy: Kept<ProxyRecord>,
  tenant: Kept<TenantRecord>,
  { bucket, key, envelope, dek, purpose }: UseAsk,
): Promise<UseAnswer> {
  const { buckets } = proxy.body
  if (!buckets.includes('*') && !buckets.includes(bucket))
    return { refused: 'Refused', message: `This proxy may not use bucket ${bucket}.` }
  const rule = perUseRule(tenant.body, bucket)
  if (!rule) return { refused: 'Refused', message: `The keys of bucket ${bucket} are leased, not used here.` }
  const wrong = unfit(rule, purpose)
  if (wrong)
    return { refused: 'Refused', message: `The rule of bucket ${bucket} does not allow this ${wrong}.` }
  const id = envelope.slice(KEY_ID.from, KEY_ID.to)
  const open = await keys.byId(bucket, id)
  if (!open)
    return { refused: 'Unknown', message: `Bucket ${bucket} has no key of this id that may be used.` }
  const { wrapping } = open
  try {
    // As with a lease, a proxy may go on with last month's key until it renews.
    if (dek && open.state === 'pending')
      return { refused: 'Refused', message: `That key of bucket ${bucket} seals nothing yet.` }
    const name = { tenant: tenant.id, bucket, key }
    return { bytes: dek ? wrapFor(envelope, wrapping, name, dek) : unwrapFor(envelope, wrapping, name) }
  } catch (error) {
    if (!(error instanceof DoesNotOpen)) throw error
    return { refused: 'Unknown', message: 'The envelope does not open under this name.' }
  } finally {
    dek?.fill(0)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
