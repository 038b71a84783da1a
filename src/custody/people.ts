import type { Approver } from './approvals/approver.ts'
import type { Rule } from './approvals/policy.ts'
import type { ProposalRecord } from './approvals/state.ts'
import type { ErasureRecord } from './erasure/record.ts'
import type { EscortRecord } from './escorts/record.ts'
import type { FencePolicy } from './fence.ts'
import type { OrderRow } from './orders/order.ts'

/** What people decided, as `Records` keeps it. Every kind is a JSON value, so that it has one canonical form. */
export interface RecordKinds {
  tenant: TenantRecord
  proxy: ProxyRecord
  enrolment: EnrolmentRecord
  token: TokenRecord
  officer: OfficerRecord
  policy: PolicyRecord
  proposal: ProposalRecord
  order: OrderRow
  erasure: ErasureRecord
  deposit: DepositRecord
  escort: EscortRecord
}
export type RecordKind = keyof RecordKinds

/** A division of the customer. Its id is its name. */
export type TenantRecord = {
  /** Fingerprint of the half that the customer keeps of every wrapping key, or false. Chosen once. */
  readonly split: string | false
  /** Milliseconds that its leases last. */
  readonly ttl: number
  /** Buckets whose DEKs the custodian wraps one by one. */
  readonly perUse: readonly (string | PerUseRule)[]
  readonly fence: FenceSetting | null
}
/** A bucket whose DEKs the custodian wraps one by one, and what it asks for. Lists that are left out allow all. */
export type PerUseRule = {
  readonly bucket: string
  /** Access keys of the proxy. */
  readonly callers?: readonly string[]
  /** Operations by their name in S3. */
  readonly actions?: readonly string[]
  /** Codes of which an application must give one, in `x-treuhand-reason`. */
  readonly reasons?: readonly string[]
}
export type FenceSetting = { readonly [name in keyof FencePolicy]: readonly string[] }

/** To whom a tenant's group keys are sealed as they are made. Its id is the tenant's. */
export type DepositRecord = {
  /** X25519 in base64url; null: to nobody any more. */
  readonly recipient: string | null
}

/** A proxy that may lease. Its id is its key's fingerprint. */
export type ProxyRecord = {
  readonly tenant: string
  /** Buckets by the application's names; `*` for all of the tenant's. */
  readonly buckets: readonly string[]
  /** SubjectPublicKeyInfo in base64url, for the renewal of its certificate. */
  readonly key: string
  readonly state: 'enrolled' | 'revoked'
  /** Until when it passes the fence as a member of staff, milliseconds since 1970. */
  readonly staffUntil: number
}

/** A proxy's request that waits for its approval. Its id is its key's fingerprint. */
export type EnrolmentRecord = Pick<ProxyRecord, 'tenant' | 'buckets' | 'key'>

/** A secret that a script or a person shows. Its id is the SHA-256 of the secret in hex. */
export type TokenRecord = {
  readonly scope: 'operator' | 'rotate' | 'auditor' | 'enrolment'
  /** Networks from which it counts; empty for any. */
  readonly networks: readonly string[]
  readonly expires: number
  readonly state: 'valid' | 'used' | 'revoked'
  /** Fingerprint of the officer or delegate who made it: what it proposes, that person proposes. */
  readonly by: string
  /** What an enrolment token admits. */
  readonly tenant: string
  readonly buckets: readonly string[]
}

/** An officer of the trustee or a delegate of the customer. Its id is the key's fingerprint. */
export type OfficerRecord = Approver & { readonly state: 'active' | 'removed' }

/** The rules in force, by act. Its id is `policy`. */
export type PolicyRecord = { readonly [act: string]: Rule }
