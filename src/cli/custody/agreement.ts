import { readFileSync } from 'node:fs'
import { approvalText } from '../../custody/approvals/approval.ts'
import { newNonce } from '../../custody/approvals/document.ts'
import { digest, type Json } from '../../custody/canonical.ts'
import { CustodyError } from '../../custody/errors.ts'
import { show, showWould, wouldBe } from '../show.ts'
import { ask, sshSign } from './client.ts'
import { proposeAct } from './decisions.ts'
import { type PersonFlags, signedRequest, signer } from './person.ts'
import type { DryRunFlags, ReachFlags } from './reach-flags.ts'

const HOUR = 3_600_000

interface Agreement {
  readonly document: string
  /** Fingerprints of those who have not agreed. */
  readonly missing: readonly string[]
}

const names = (fingerprints: readonly string[]) => fingerprints.join(', ') || 'nobody'

/** `treuhand custodian agree`: to a root that opens without people, in the first ceremony. */
export async function agree(flags: PersonFlags & { readonly dryRun?: boolean }): Promise<void> {
  const { document, missing } = (await ask(flags, 'GET', '/v1/agreement')) as unknown as Agreement
  process.stderr.write(`${describe(document)}\n`)
  const { origin, approvers } = JSON.parse(document) as { origin: string; approvers: object }
  const by = signer(flags)
  if (!(by in approvers)) throw new CustodyError('Refused', 'This key is not among those who are to decide.')
  const left = missing.filter(one => one !== by)
  if (flags.dryRun)
    return showWould(flags, wouldBe(`This key would agree to it. Still to agree then: ${names(left)}.`))
  const text = approvalText({
    origin,
    decision: 'approve',
    proposal: digest(document).toString('hex'),
    signer: by,
    expires: Date.now() + HOUR,
    nonce: newNonce(),
  })
  const signature = await sshSign(flags.sign, text)
  const answer = await ask(flags, 'POST', '/v1/agreement/signatures', { text, signature })
  const sentence =
    answer['unsealed'] === true
      ? 'All have agreed. The root is made, and the custodian is unsealed.'
      : `Signed. Still to agree: ${names(answer['missing'] as readonly string[])}.`
  show(flags, answer, sentence)
}

/** `treuhand custodian unseal`: at one word, where the seal opens without people. */
export async function unsealAtWord(flags: PersonFlags & DryRunFlags): Promise<void> {
  if (flags.dryRun) return await judgeUnsealing(flags)
  const answer = await ask(flags, 'POST', '/v1/unseal', await signedRequest(flags, 'unseal', {}))
  show(flags, answer, 'The custodian is unsealed.')
}

/** A sealed custodian knows nobody's key, so this asks only whether a word would do. */
async function judgeUnsealing(flags: PersonFlags): Promise<void> {
  const { state, seal } = (await ask(flags, 'GET', '/v1/status')) as {
    state: string
    seal: { kind: string; unattended: boolean } | null
  }
  if (state === 'unsealed') return showWould(flags, wouldBe('It is unsealed.'))
  if (!seal?.unattended) throw new CustodyError('Refused', 'This root takes shares. Its holders bring them.')
  showWould(
    flags,
    wouldBe(`The custodian, which is ${state}, would be asked to open its root under ${seal.kind}.`),
  )
}

interface RootFlags extends ReachFlags {
  readonly sign: string
  readonly reason: string
  readonly seal?: string
  readonly dryRun?: boolean
}

/** `treuhand rotate root [PLAN]`: proposes a new root, under the seal in force or another. */
export async function rotateRoot(flags: RootFlags, planFile?: string): Promise<void> {
  const { seal: inForce } = (await ask(flags, 'GET', '/v1/status')) as { seal: { kind: string } | null }
  const seal = flags.seal ?? inForce?.kind ?? 'quorum'
  await proposeAct({ ...flags, tenant: '*' }, 'change-seal', { seal, plan: readPlan(planFile) })
}

/** Holders by name and key, as the act takes them; null where the seal has none. */
function readPlan(file: string | undefined): Json {
  return file === undefined ? null : (JSON.parse(readFileSync(file, 'utf8')) as Json)
}

function describe(document: string): string {
  const { origin, seal, approvers } = JSON.parse(document) as {
    origin: string
    seal: string
    approvers: Record<string, { role: string; party: string; person: string }>
  }
  const people = Object.entries(approvers).map(
    ([fingerprint, { role, party, person }]) => `    ${role} ${person} of ${party}  ${fingerprint}`,
  )
  return [
    `  custodian  ${origin}`,
    `  seal       ${seal}: UNATTENDED. Whoever owns the host can open the root, without any of you.`,
    '  to decide',
    ...people,
    `  digest     ${digest(document).toString('hex')}`,
  ].join('\n')
}
