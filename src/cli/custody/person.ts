import { randomUUID } from 'node:crypto'
import { fingerprintOf } from '../../custody/approvals/approver.ts'
import { canonical, type Json } from '../../custody/canonical.ts'
import { REQUEST_LABEL } from '../../custody/signed-request.ts'
import { ask, publicKeyLine, sshSign } from './client.ts'
import type { DryRunFlags, ReachFlags } from './reach-flags.ts'

/** An officer or delegate at a command. */
export interface PersonFlags extends ReachFlags {
  /** SSH key file. */
  readonly sign: string
}

/** What a person asks for alone, signed; for a dry run in words that are good for nothing else. */
export async function signedRequest(
  flags: PersonFlags & DryRunFlags,
  act: string,
  params: Json,
): Promise<{ document: string; signature: string }> {
  const { origin } = (await ask(flags, 'GET', '/v1/status')) as { origin: string }
  const by = signer(flags)
  const about = { label: REQUEST_LABEL, origin, act, params, by, at: Date.now(), nonce: randomUUID() }
  const document = canonical(flags.dryRun ? { ...about, dryRun: true } : about)
  return { document, signature: await sshSign(flags.sign, document) }
}

/** Fingerprint of the person's key. */
export function signer({ sign }: Pick<PersonFlags, 'sign'>): string {
  return fingerprintOf({ kind: 'ssh', line: publicKeyLine(sign) })
}
