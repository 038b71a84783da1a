import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { makePasskey, type NewPasskey } from './passkey.ts'
import type { ProposalProps } from './proposal.ts'

/** Makes a passkey and shows what others need to admit it: at the ceremony, or by change-officers. */
export function NewPasskeyForm({ run }: Pick<ProposalProps, 'run'>): VNode {
  const [made, setMade] = useState<NewPasskey>()
  const make = (event: SubmitEvent) => {
    event.preventDefault()
    const name = String(new FormData(event.target as HTMLFormElement).get('name'))
    return run(async () => {
      setMade(await makePasskey(name))
      return 'Made. It may decide nothing until it is admitted.'
    })
  }
  return html`
    <form class="card" onSubmit=${make}>
      <label>Your name, for this device alone <input name="name" required maxlength="64" /></label>
      <button>Make a passkey</button>
      ${
        made &&
        html`
          <p>Read the fingerprint to a colleague over the telephone, and hand over the key.</p>
          <p class="digest">${made.fingerprint}</p>
          <pre>${JSON.stringify(made.key, null, 2)}</pre>
        `
      }
    </form>
  `
}
