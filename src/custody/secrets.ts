import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { Unsealed } from './unseal.ts'
import { unwrap, type WrapContext, wrap } from './wrap.ts'

/** The custodian's own keys: `authority` signs certificates, `log` the log, `mac` the records. */
export type SecretName = 'authority' | 'log' | 'mac'

export interface Secret {
  /** PKCS #8, a seed, random bytes. Whoever makes a handle of them overwrites them. */
  readonly bytes: Uint8Array
  /** What belongs to it and everybody may see. */
  readonly public: Uint8Array
}

/** Opens one of the custodian's own keys; the very first time, makes it. */
export async function openSecret(
  registry: CustodyRegistry,
  unsealed: Unsealed,
  name: SecretName,
  make: () => Promise<Secret>,
  now: number,
): Promise<Secret> {
  const context = secretContext(unsealed.custodian, name)
  const row = await registry.database
    .selectFrom('secrets')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  if (row) return { bytes: await unwrap(unsealed.root, row.wrapped, context), public: row.public }
  const secret = await make()
  const wrapped = await wrap(unsealed.root, secret.bytes, context)
  await registry.write(transaction =>
    transaction
      .insertInto('secrets')
      .values({ name, wrapped, public: secret.public, created: now })
      .execute(),
  )
  return secret
}

export function secretContext(custodian: Uint8Array, name: string): WrapContext {
  return ['treuhand/secret/v1', custodian, name]
}
