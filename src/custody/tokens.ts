import { createHash, randomBytes } from 'node:crypto'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import { addressWithin } from './fence.ts'
import type { TokenRecord } from './people.ts'
import type { Kept } from './records.ts'

export type TokenScope = 'operator' | 'rotate' | 'auditor'

const LONGEST = 90 * 24 * 3_600_000

/**
 * Makes a token for a script: 32 random bytes of which the registry keeps the SHA-256.
 *
 * @param lifetime milliseconds, 90 days at most
 * @param networks from which alone it counts; empty for any
 */
export async function makeToken(
  custody: Custody,
  scope: TokenScope,
  lifetime: number,
  networks: readonly string[],
  by: string,
): Promise<{ readonly secret: string; readonly id: string }> {
  assertLifetime(lifetime)
  const secret = randomBytes(32).toString('base64url')
  const id = tokenId(secret)
  const expires = custody.now() + lifetime
  const body: TokenRecord = {
    scope,
    networks: [...networks],
    expires,
    state: 'valid',
    by,
    tenant: '',
    buckets: [],
  }
  const entry = { type: 'policy', at: custody.now(), body: { step: 'token', scope, by } } as const
  await custody.keep('token', id, undefined, body, entry)
  return { secret, id }
}

/** @throws CustodyError `Malformed` */
export function assertLifetime(lifetime: number): void {
  if (lifetime > 0 && lifetime <= LONGEST) return
  throw new CustodyError('Malformed', 'A token holds for 90 days at most.')
}

/** @throws CustodyError `Unknown` */
export async function findToken(custody: Custody, id: string): Promise<Kept<TokenRecord>> {
  const token = await custody.opened().records.find<TokenRecord>('token', id)
  if (token) return token
  throw new CustodyError('Unknown', 'There is no such token.')
}

/** Ends a token at once. */
export async function revokeToken(custody: Custody, id: string, by: string): Promise<void> {
  const token = await findToken(custody, id)
  const entry = { type: 'revocation', at: custody.now(), body: { token: id, by } } as const
  await custody.keep('token', id, token, { ...token.body, state: 'revoked' }, entry)
}

/**
 * Judges a token that was shown. `rotate` is for rotations alone, `auditor` for reading; `operator` may both,
 * and propose.
 *
 * @returns its id, by which the log names it
 * @throws CustodyError `Refused`
 */
export async function admitToken(
  custody: Custody,
  secret: string,
  address: string,
  scopes: readonly TokenScope[],
): Promise<string> {
  const id = tokenId(secret)
  const token = await custody.opened().records.find<TokenRecord>('token', id)
  const good =
    token?.body.state === 'valid' &&
    token.body.expires > custody.now() &&
    (scopes as readonly string[]).includes(token.body.scope) &&
    (token.body.networks.length === 0 || addressWithin(address, token.body.networks))
  if (good) return id
  throw new CustodyError(
    'Refused',
    'This token is unknown, has ended, or does not allow this call from here.',
  )
}

function tokenId(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
