import { readSecretFile } from '../../custody/roots/secret-file.ts'
import { CannotStart } from '../cannot-start.ts'
import { bearer, signedBy } from './client.ts'
import { signedRequest } from './person.ts'
import type { DryRunFlags, ReachFlags } from './reach-flags.ts'

/** Who asks: an officer or delegate, who signs, or a script with its token. */
export interface AskerFlags {
  /** SSH key file. */
  readonly sign?: string
  readonly tokenFile?: string
}

/** Milliseconds for which a signed look is used again: the custodian takes it for five minutes. */
const AGAIN = 4 * 60_000

/** By what the custodian lets somebody look at what people propose and decide, signed anew once it is old. */
export function lookingAs(flags: ReachFlags & AskerFlags): () => Promise<string> {
  let word: Promise<string> | undefined
  let old = 0
  return async () => {
    if (!word || Date.now() > old) {
      word = wordFor(flags, 'look', {})
      old = Date.now() + AGAIN
    }
    return await word
  }
}

/** By what it lets somebody have a proposal carried out; a signature counts once. */
export async function executingAs(
  flags: ReachFlags & AskerFlags & DryRunFlags,
  proposal: string,
): Promise<string> {
  return await wordFor(flags, 'execute', { proposal })
}

async function wordFor(
  { sign, tokenFile, ...flags }: ReachFlags & AskerFlags & DryRunFlags,
  act: string,
  params: { readonly [name: string]: string },
): Promise<string> {
  if ((sign === undefined) === (tokenFile === undefined))
    throw new CannotStart('Say who asks: --sign KEY for a person, or --token-file FILE for a script.', 2)
  if (sign === undefined) return bearer(await readSecretFile(tokenFile!))
  return signedBy(await signedRequest({ ...flags, sign }, act, params))
}
