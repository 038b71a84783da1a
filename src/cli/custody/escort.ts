import { readFileSync } from 'node:fs'
import { proposalId } from '../../custody/approvals/document.ts'
import { type EscortKey, escortId, escortKeyContext } from '../../custody/escorts/key.ts'
import type { ListedEscort } from '../../custody/escorts/list.ts'
import { type EscortAction, endSentence } from '../../custody/escorts/record.ts'
import { openWith } from '../../custody/hpke.ts'
import { printable } from '../../custody/printable.ts'
import { addCredential } from '../credentials.ts'
import { show, showWould, wouldBe } from '../show.ts'
import { ask } from './client.ts'
import { proposeAct } from './decisions.ts'
import { makeHpkeKey } from './new-key.ts'
import { type PersonFlags, signedRequest } from './person.ts'
import type { DryRunFlags, ReachFlags, RepeatFlags } from './reach-flags.ts'
import { request } from './requests.ts'

/** `treuhand escort key FILE`: makes the key that the secret will be sealed to. */
export async function makeKey(flags: { readonly json?: boolean } & DryRunFlags, file: string): Promise<void> {
  await makeHpkeKey(
    flags,
    file,
    '; it never leaves this machine. Read this to the officers, who propose it as --recipient:',
  )
}

interface EscortFlags extends PersonFlags, RepeatFlags {
  readonly tenant: string
  readonly reason: string
  readonly grantee: string
  readonly recipient: string
  readonly escort: string
  readonly bucket: string
  readonly prefixes: readonly string[]
  readonly actions: readonly EscortAction[]
  readonly networks: readonly string[]
  readonly minutes: number
  readonly dryRun?: boolean
  readonly wait?: number
}

/** `treuhand escort propose`: the act `escort`, its parameters from flags. */
export async function proposeEscort(flags: EscortFlags): Promise<void> {
  const { grantee, recipient, escort, bucket, prefixes, actions, networks, minutes, ...about } = flags
  const params = { grantee, recipient, escort, bucket, prefixes, actions, networks, minutes }
  const document = await proposeAct(about, 'escort', params)
  // What was not proposed has another name when it is.
  if (flags.dryRun) return
  const id = escortId(proposalId(document))
  process.stderr.write(
    `Once it is carried out its name is ${id}.\n` +
      `  The escort sits down by:      treuhand escort watch … ${id}\n` +
      `  Who is let in gets the key by: treuhand escort fetch … ${id} CREDENTIALS\n` +
      `  Anybody who decides ends it by: treuhand escort end … ${id}\n`,
  )
}

interface FetchFlags extends ReachFlags, DryRunFlags {
  /** File with the recipient's private key. */
  readonly key: string
  readonly profile: string
}

/** `treuhand escort fetch ESCORT CREDENTIALS`: opens the access key; its secret is written to the file alone. */
export async function fetchKey(flags: FetchFlags, id: string, file: string): Promise<void> {
  const { origin, sealed } = (await ask(flags, 'GET', `/v1/escorts/${id}/key`)) as {
    origin: string
    sealed: string
  }
  const privateKey = Buffer.from(readFileSync(flags.key, 'utf8').trim(), 'base64url')
  const context = escortKeyContext(origin, id)
  const opened = await openWith(privateKey, Buffer.from(sealed, 'base64url'), context).finally(() =>
    privateKey.fill(0),
  )
  const { accessKeyId, secretAccessKey, bucket, prefixes, until } = JSON.parse(
    opened.toString('utf8'),
  ) as EscortKey
  opened.fill(0)
  if (flags.dryRun)
    return showWould(flags, wouldBe(`${accessKeyId} would become profile ${flags.profile} in ${file}.`))
  addCredential(file, flags.profile, { accessKeyId, secretAccessKey })
  const end = new Date(until).toISOString()
  show(
    flags,
    { profile: flags.profile, file, accessKeyId, bucket, prefixes, until },
    `${accessKeyId} is profile ${flags.profile} in ${file}. It reaches ${bucket}/${prefixes.join(', ')} until ${end}.\n` +
      'Every request is seen by your escort before it is served. Say when you begin, and when you are done.',
  )
}

/** `treuhand escort end ESCORT` */
export async function endEscort(flags: PersonFlags & DryRunFlags, id: string): Promise<void> {
  const word = await signedRequest(flags, 'end-escort', { escort: id })
  const answer = await ask(flags, 'POST', `/v1/escorts/${id}/end`, word)
  if (flags.dryRun) return showWould(flags, answer)
  show(
    flags,
    answer,
    'It has ended. Its key is refused from now on, and what was being served is cut within seconds.',
  )
}

/** `treuhand escort list` */
export async function listEscorts(flags: PersonFlags): Promise<void> {
  const escorts = await escortsOf(flags)
  show(flags, { escorts }, escorts.map(line).join('\n') || 'There is none.')
}

async function escortsOf(flags: PersonFlags): Promise<readonly ListedEscort[]> {
  return (await request(flags, 'escorts', {}))['escorts'] as readonly ListedEscort[]
}

function line({ id, state, tenant, bucket, prefixes, actions, until, grantee, ended }: ListedEscort): string {
  const end = state === 'open' ? `until ${new Date(until).toISOString()}` : endSentence(ended?.why ?? 'over')
  return `${id}  ${grantee}: ${actions.join(', ')} of ${bucket}/${prefixes.map(printable).join(', ')} (${tenant}); ${end}`
}
