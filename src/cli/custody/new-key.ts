import { writeFileSync } from 'node:fs'
import { generateHpkeKey } from '../../custody/hpke.ts'
import { show, showWould, wouldBe } from '../show.ts'
import { assertNew } from './new-file.ts'
import type { DryRunFlags } from './reach-flags.ts'

/**
 * Makes an HPKE key pair: the private half goes into a file of mode 0600, the public one is shown for others to seal to.
 *
 * @param sentence what to do with the file and with the public half, which is printed below it
 * @throws CannotStart where the file is there
 */
export async function makeHpkeKey(
  flags: { readonly json?: boolean } & DryRunFlags,
  file: string,
  sentence: string,
): Promise<void> {
  assertNew(file)
  if (flags.dryRun) return showWould(flags, wouldBe(`A new key would be written to ${file}.`))
  const { publicKey, privateKey } = await generateHpkeKey()
  writeFileSync(file, `${privateKey.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  privateKey.fill(0)
  const shown = publicKey.toString('base64url')
  show(flags, { publicKey: shown }, `The key is in ${file}${sentence}\n\n  ${shown}`)
}
