import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { approvalText } from '../../custody/approvals/approval.ts'
import { ask, Refusal, type Signer } from './custodian.ts'
import { newNonce } from './encoding.ts'
import { signText } from './passkey.ts'
import { Details, digestOf, type ProposalProps } from './proposal.ts'

interface Wish {
  readonly act: string
  readonly tenant: string
  readonly reason: string
  readonly params: unknown
}

/** Acts that one person may do alone, since they only close. */
const CLOSING: Readonly<Record<string, string>> = {
  kill: '/v1/close',
  seal: '/v1/close',
  revoke: '/v1/alone',
  tighten: '/v1/alone',
  suspend: '/v1/alone',
}

interface WishFormProps extends Pick<ProposalProps, 'run'> {
  readonly signer: Signer
  readonly acts: readonly string[]
}

/** Proposes an act, or does one that closes. The custodian's own document is shown before it is signed. */
export function WishForm({ signer, acts, run }: WishFormProps): VNode {
  const [draft, setDraft] = useState<string>()
  const write = async (event: SubmitEvent) => {
    event.preventDefault()
    const wish = wishOf(new FormData(event.target as HTMLFormElement))
    await run(async () => {
      setDraft(await draftOf(wish, signer))
      return 'Read it, then sign it.'
    })
  }
  const sign = () =>
    run(async () => {
      const said = await send(draft!, signer)
      setDraft(undefined)
      return said
    })
  if (draft !== undefined)
    return html`
      <div class="card">
        <${Details} document=${draft} />
        <button onClick=${sign}>Sign</button>
        <button onClick=${() => setDraft(undefined)}>Do nothing</button>
      </div>
    `
  return html`
    <form class="card" onSubmit=${write}>
      <label>Act <select name="act">${acts.map(act => html`<option>${act}</option>`)}</select></label>
      <label>Tenant (* for all) <input name="tenant" required maxlength="255" /></label>
      <label>Parameters (docs/custody.md says which) <textarea name="params" rows="4">${'{}'}</textarea></label>
      <label>Reason, for everybody who reads the log <input name="reason" required maxlength="1000" /></label>
      <button>Show me what I would sign</button>
    </form>
  `
}

function wishOf(form: FormData): Wish {
  const text = (name: string) => String(form.get(name))
  return { act: text('act'), tenant: text('tenant'), reason: text('reason'), params: text('params') }
}

/** The proposal as the custodian would take it, which must be the one that was wished for. */
async function draftOf({ params, ...wish }: Wish, { fingerprint }: Signer): Promise<string> {
  let given: unknown
  try {
    given = JSON.parse(String(params))
  } catch {
    throw new Refusal('Malformed', 'The parameters are not JSON.')
  }
  const body = { ...wish, params: given, proposer: fingerprint }
  const { document } = await ask<{ document: string }>('POST', '/v1/drafts', body)
  const read = JSON.parse(document) as Wish
  const same = read.act === wish.act && read.tenant === wish.tenant && read.reason === wish.reason
  if (!same || !isSame(read.params, given))
    throw new Refusal(
      'Unverified',
      'The custodian drafted another proposal than the one asked for. Sign nothing.',
    )
  return document
}

async function send(document: string, signer: Signer): Promise<string> {
  const { act, origin, expires } = JSON.parse(document) as { act: string; origin: string; expires: number }
  const closing = CLOSING[act]
  if (closing === undefined) {
    await ask('POST', '/v1/proposals', { document, signature: await signText(document, signer) })
    return 'Proposed. Others approve it now.'
  }
  const about = { origin, decision: 'approve', proposal: await digestOf(document), expires } as const
  const text = approvalText({ ...about, signer: signer.fingerprint, nonce: newNonce() })
  await ask('POST', closing, { document, text, signature: await signText(text, signer) })
  return `Done: ${act}.`
}

/** Whether two JSON values are the same, in whatever order their names stand. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [ours, theirs] = [one, other] as [Record<string, unknown>, Record<string, unknown>]
  const names = Object.keys(ours)
  return names.length === Object.keys(theirs).length && names.every(name => isSame(ours[name], theirs[name]))
}
