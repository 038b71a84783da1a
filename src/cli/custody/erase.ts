import { createHash } from 'node:crypto'
import { proposalId } from '../../custody/approvals/document.ts'
import { readSecretFile } from '../../custody/roots/secret-file.ts'
import { CannotStart } from '../cannot-start.ts'
import { show, showWould } from '../show.ts'
import { ask, bearer, sshSign } from './client.ts'
import { describe, draftOf } from './decisions.ts'
import { follow } from './following.ts'
import { type PersonFlags, signer } from './person.ts'
import type { DryRunFlags, ReachFlags, RepeatFlags } from './reach-flags.ts'
import { request } from './requests.ts'

interface EraseFlags extends ReachFlags, RepeatFlags {
  /** Of an operator's token; or `sign`. */
  readonly tokenFile?: string
  readonly sign?: string
  readonly reason: string
  readonly keys: readonly string[]
  readonly dryRun?: boolean
  /** Minutes to wait until it is carried out. */
  readonly wait?: number
}

/** `treuhand erase TENANT`: proposes the destruction of group keys, by a person or by an operator's token. */
export async function erase(flags: EraseFlags, tenant: string): Promise<void> {
  const { tokenFile, sign, reason, keys, dryRun, wait, ...reach } = flags
  if ((tokenFile === undefined) === (sign === undefined))
    throw new CannotStart('Say who proposes: either --sign KEY or --token-file FILE.', 2)
  const token = tokenFile === undefined ? undefined : await readSecretFile(tokenFile)
  const proposer =
    token === undefined ? signer({ sign: sign! }) : createHash('sha256').update(token).digest('hex')
  const who = token === undefined ? { sign: sign! } : { tokenFile: tokenFile! }
  const params = { keys: [...keys] }
  const document = await draftOf(reach, { act: 'destroy-keys', tenant, reason, params, proposer })
  process.stderr.write(`${describe(document)}\n`)
  if (dryRun)
    return showWould(
      reach,
      await ask(reach, 'POST', '/v1/proposals', { document, dryRun }, token && bearer(token)),
    )
  const signed = token === undefined ? { document, signature: await sshSign(sign!, document) } : { document }
  const kept = await ask(reach, 'POST', '/v1/proposals', signed, token && bearer(token))
  const id = proposalId(document)
  if (wait !== undefined) return await follow({ ...reach, ...who }, id, wait)
  show(reach, kept, `Proposed. Officers and delegates approve it by: treuhand custodian approve ${id}`)
  process.exitCode = 5
}

/** `treuhand custodian erasure ID`: the certificate that nothing is left of destroyed keys. */
export async function certify(flags: PersonFlags & DryRunFlags, proposal: string): Promise<void> {
  const answer = await request(flags, 'certify-erasure', { proposal })
  if (flags.dryRun) return showWould(flags, answer)
  show(flags, answer, String(answer['statement']))
}
