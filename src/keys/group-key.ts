import type { AeadEngine } from '../seal/aead.ts'
import type { Dek } from '../seal/dek.ts'
import {
  type BoundName,
  type Envelope,
  openEnvelope,
  openEnvelopeAfar,
  type Shape,
  sealEnvelope,
  sealEnvelopeAfar,
} from '../seal/envelope.ts'
import { DoesNotOpen } from '../seal/errors.ts'
import { WrappingKey } from '../seal/wrapping-key.ts'
import { type Custodian, type LeasedKey, NoLease, type Purpose } from './custodian.ts'
import type { CustomerHalf } from './half.ts'

/** A group key while its lease runs. Streams watch `ended` and stop with it. */
export interface GroupKey {
  readonly id: Uint8Array
  readonly epoch: string
  readonly ended: AbortSignal
  /**
   * Wraps a DEK under a name.
   * @param nonce 24 bytes, random for each envelope
   * @throws NoLease where the custodian wraps by itself, and does not
   */
  sealEnvelope(
    dek: Dek,
    name: BoundName,
    shape: Shape,
    nonce: Uint8Array,
    purpose: Purpose,
  ): Promise<Envelope>
  /** @throws DoesNotOpen, NoLease */
  openEnvelope(envelope: Envelope, name: BoundName, purpose: Purpose): Promise<Dek>
}

/** A group key as it is held: with what overwrites it. */
export interface HeldKey {
  readonly handle: GroupKey
  /** Whether the key itself is not here. */
  readonly perUse: boolean
  wipe(): void
}

/**
 * Makes of a leased key what the data path works with, and overwrites the lease's copy.
 * @param half of this customer, who must have one where the tenant is split, and none where it is not
 * @throws NoLease where the halves do not fit
 */
export function holdKey(
  leased: LeasedKey,
  engine: AeadEngine,
  half: CustomerHalf | undefined,
  custodian: Custodian,
  ended: AbortSignal,
): HeldKey {
  const { id, epoch } = leased
  if (leased.key === undefined) {
    if (half !== undefined) throw whole(leased)
    const handle = { id, epoch, ended, ...keptAfar(leased, engine, custodian) }
    return { handle, perUse: true, wipe: () => {} }
  }
  try {
    const wrapping = wrappingKey(leased, leased.key, engine, half)
    const handle: GroupKey = {
      id,
      epoch,
      ended,
      sealEnvelope: async (dek, name, shape, nonce) => sealEnvelope(dek, wrapping, name, shape, nonce),
      openEnvelope: async (envelope, name) => openEnvelope(envelope, wrapping, name),
    }
    return { handle, perUse: false, wipe: () => wrapping.wipe() }
  } finally {
    leased.key.fill(0)
  }
}

function wrappingKey(
  leased: LeasedKey & { readonly half?: string },
  key: Uint8Array,
  engine: AeadEngine,
  half: CustomerHalf | undefined,
): WrappingKey {
  if (leased.half === undefined && half === undefined) return WrappingKey.whole(engine, leased.id, key)
  if (leased.half === undefined) throw whole(leased)
  if (half === undefined)
    throw new NoLease(
      'refused',
      `Tenant ${leased.tenant} is split, and this proxy lacks the customer's half. Name its file in keys.half.`,
    )
  if (half.fingerprint !== leased.half)
    throw new NoLease(
      'refused',
      `The customer's half of this proxy is ${half.fingerprint}, but tenant ${leased.tenant} was made with ${leased.half}. Put the right file in its place.`,
    )
  return WrappingKey.split(engine, leased.id, key, half.bytes)
}

/** A trustee who calls a split tenant whole would read what is written from then on. */
function whole({ tenant }: LeasedKey): NoLease {
  return new NoLease(
    'refused',
    `This proxy has a customer's half, but the custodian leases keys of tenant ${tenant} that take none. Ask the trustee who changed that, and write nothing meanwhile.`,
  )
}

/** What of the data path's work the custodian does. */
function keptAfar(
  { id, tenant, bucket }: LeasedKey,
  engine: AeadEngine,
  custodian: Custodian,
): Pick<GroupKey, 'sealEnvelope' | 'openEnvelope'> {
  return {
    sealEnvelope: (dek, { key }, shape, nonce, purpose) =>
      sealEnvelopeAfar(dek, id, shape, nonce, (envelope, own) =>
        custodian.useKey({ tenant, bucket, key, envelope, dek: own, purpose }),
      ),
    openEnvelope: (envelope, { key }, purpose) =>
      openEnvelopeAfar(envelope, engine, async own => {
        try {
          return await custodian.useKey({ tenant, bucket, key, envelope: own, purpose })
        } catch (error) {
          // The custodian says so of an envelope that was changed, or moved under another name.
          if (error instanceof NoLease && error.reason === 'unknown-key') throw new DoesNotOpen()
          throw error
        }
      }),
  }
}
