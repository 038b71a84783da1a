import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { approvalText } from '../../src/custody/approvals/approval.ts'
import { newNonce } from '../../src/custody/approvals/document.ts'
import { readSshKey, sshFingerprint } from '../../src/custody/approvals/ssh-key.ts'
import type { Person } from '../../tools/demo/people.ts'

/** A person whose key lies in a file, as the commands want it. */
export function keygenSigner(file: string): Person['ssh'] {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  const line = readFileSync(`${file}.pub`, 'utf8').trim()
  const fingerprint = sshFingerprint(readSshKey(line))
  const sign = (text: string) =>
    execFileSync('ssh-keygen', ['-Y', 'sign', '-n', 'treuhand-approval', '-f', file], {
      input: text,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  return {
    line,
    fingerprint,
    sign,
    decide(proposal, { origin, expires, decision = 'approve', nonce = newNonce() }) {
      const text = approvalText({ origin, decision, proposal, signer: fingerprint, expires, nonce })
      return [text, sign(text)]
    },
  }
}
