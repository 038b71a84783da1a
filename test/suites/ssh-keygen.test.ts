import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { approvalText } from '../../src/custody/approvals/approval.ts'
import { NAMESPACE, verifySignature } from '../../src/custody/approvals/approver.ts'
import { newNonce } from '../../src/custody/approvals/document.ts'
import { readSshKey, sshFingerprint } from '../../src/custody/approvals/ssh-key.ts'

describe('ssh-keygen -Y sign', () => {
  for (const type of [['ed25519'], ['ecdsa', '-b', '256'], ['ecdsa', '-b', '521']])
    it(`with a fresh key (${type.join(' ')}) signs what we accept`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ssh-keygen-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const [key, file] = [join(folder, 'key'), join(folder, 'text')]
      execFileSync('ssh-keygen', ['-q', '-t', ...type, '-N', '', '-f', key])
      const line = readFileSync(`${key}.pub`, 'utf8')
      const signer = sshFingerprint(readSshKey(line))
      expect(execFileSync('ssh-keygen', ['-lf', key], { encoding: 'utf8' })).toContain(signer)
      const text = approvalText({
        origin: 'trustee.example/log',
        decision: 'approve',
        proposal: 'a'.repeat(64),
        signer,
        expires: 1_700_000_000_000,
        nonce: newNonce(),
      })
      writeFileSync(file, text)
      execFileSync('ssh-keygen', ['-Y', 'sign', '-f', key, '-n', NAMESPACE, file], { stdio: 'ignore' })
      const signature = readFileSync(`${file}.sig`, 'utf8')
      const approver = { kind: 'ssh', line } as const
      expect(await verifySignature(approver, text, signature, undefined)).toBe(approver)
      await expect(
        verifySignature(approver, text.replace('approve', 'veto'), signature, undefined),
      ).rejects.toMatchObject({
        code: 'Unverified',
      })
    })
})
