import {
  type GroupKeyState,
  type KeyAbout,
  type KeyUse,
  type Lease,
  type LeaseAsk,
  type LeasedKey,
  NoLease,
} from '../custodian.ts'
import { noLease } from './connection.ts'
import type { LeaseBox } from './lease-box.ts'

/** What a proxy and its custodian say to each other, as JSON: ids in hex, keys in base64url. */

interface Refusal {
  readonly refused: string
  readonly message: string
}

/** The answer of `/v1/leases`, in the order of the asks. */
export interface WireLeases {
  readonly lease: string
  readonly ttl: number
  readonly answers: readonly ({ readonly keys: readonly WireKey[] } | Refusal)[]
}

interface WireKey {
  readonly id: string
  readonly tenant: string
  readonly bucket: string
  readonly epoch: string
  readonly state: GroupKeyState
  readonly key?: string
  readonly half?: string
  readonly perUse?: true
}

/** The answer of `/v1/uses`, in the order of the asks. */
export interface WireUses {
  readonly answers: readonly ({ readonly bytes: string } | Refusal)[]
}

export const wireAsk = ({ bucket, key }: LeaseAsk) =>
  key === 'current' ? { bucket } : { bucket, id: hex(key.id) }

export const wireUse = ({ bucket, key, envelope, dek, purpose }: KeyUse) => ({
  bucket,
  key: base64url(Buffer.from(key, 'utf8')),
  envelope: base64url(envelope),
  ...(dek && { dek: base64url(dek) }),
  ...purpose,
})

/** The leases of an answer, one for each ask. */
export function readLeases(
  { lease, ttl, answers }: WireLeases,
  asks: readonly LeaseAsk[],
  box: LeaseBox,
): (Lease | NoLease)[] {
  return answers.map((one, place) => {
    if ('refused' in one) return noLease(one.refused, one.message)
    const keys = one.keys.map(key => readKey(key, box))
    const ask = asks[place]
    if (keys.every(({ tenant, bucket }) => tenant === ask?.tenant && bucket === ask.bucket))
      return { id: lease, ttl, keys }
    for (const { key } of keys) key?.fill(0)
    return new NoLease('refused', `This proxy is not enrolled for tenant ${ask?.tenant}.`)
  })
}

export const readUses = ({ answers }: WireUses): (Uint8Array | NoLease)[] =>
  answers.map(one =>
    'refused' in one
      ? noLease(one.refused, one.message)
      : new Uint8Array(Buffer.from(one.bytes, 'base64url')),
  )

/** @throws NoLease where the key was not sealed to this call */
function readKey(wire: WireKey, box: LeaseBox): LeasedKey {
  const { id, tenant, bucket, epoch, state, key, half, perUse } = wire
  const about: KeyAbout = { id: Buffer.from(id, 'hex'), tenant, bucket, epoch, state }
  if (perUse) return { ...about, perUse }
  return { ...about, key: opened(key ?? '', box), ...(half !== undefined && { half }) }
}

function opened(key: string, box: LeaseBox): Buffer {
  try {
    return box.open(Buffer.from(key, 'base64url'))
  } catch {
    throw new NoLease('unreachable', 'The custodian sent a key that was not sealed to this proxy.')
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
