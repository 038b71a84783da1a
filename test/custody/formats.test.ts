import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { approvalText, readApproval } from '../../src/custody/approvals/approval.ts'
import { proposalId, readProposal, writeProposal } from '../../src/custody/approvals/document.ts'
import { DEFAULT_POLICY, policyDigest } from '../../src/custody/approvals/policy.ts'
import { backupLines, readManifest } from '../../src/custody/backup/file.ts'
import { readRow, writeRow } from '../../src/custody/backup/rows.ts'
import { escortId } from '../../src/custody/escorts/key.ts'
import { openKey, readKeyExport } from '../../src/custody/export/key-export.ts'
import { cosignedAt, openCheckpoint } from '../../src/custody/log/checkpoint.ts'
import { hiddenHash, readEntry } from '../../src/custody/log/entry.ts'
import { readNote, readSignatureLines, readVerifierKey } from '../../src/custody/log/note.ts'
import { leafHash } from '../../src/custody/log/tree.ts'
import { commitment } from '../../src/custody/quorum/quorum.ts'
import { readShare, shareHash, writeShare } from '../../src/custody/quorum/share.ts'
import { checkWords, readShareText, shareText } from '../../src/custody/quorum/share-text.ts'
import { openStatement } from '../../src/evidence/statement.ts'
import { readHalf } from '../../src/keys/half.ts'
import { temporaryFolder } from './folder.ts'

// Written down in docs/custody-formats.md: what fails here has changed the format.
const vectors = JSON.parse(readFileSync('test/vectors/custody/formats.json', 'utf8'))
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

it('reads the leaf, its hash and the salted hash of a hidden value', () => {
  const { leaf, hidden } = vectors
  expect(readEntry(Buffer.from(leaf.text))).toMatchObject({ type: 'lease', body: { lease: 'l1' } })
  expect(leafHash(Buffer.from(leaf.text))).toEqual(hex(leaf.hash))
  expect(hiddenHash(hidden.kind, hex(hidden.salt), hidden.value)).toEqual(hex(hidden.hash))
})

it('reads the checkpoint, its cosignature and a statement by their verifier keys', () => {
  const [log, witness] = [readVerifierKey(vectors.log.key), readVerifierKey(vectors.witness.key)]
  expect(openCheckpoint(vectors.checkpoint, log)).toMatchObject({ size: 1, root: hex(vectors.leaf.hash) })
  const [line] = readSignatureLines(vectors.cosignature.line)
  expect(cosignedAt(readNote(vectors.checkpoint).text, line!, witness)).toBe(vectors.cosignature.time)
  expect(openStatement(vectors.statement, log)).toMatchObject({ kind: 'custody', body: { seal: 'quorum' } })
})

it('reads the share in both forms, its hash, its check words and the commitments', () => {
  const { envelope, text, hash, words } = vectors.share
  const share = readShare(hex(envelope))
  expect(share).toMatchObject({
    party: 'trustee',
    partyNumber: 7,
    holder: 'anna',
    holderNumber: 9,
    holders: 3,
  })
  expect(writeShare(share)).toEqual(hex(envelope))
  expect([shareText(hex(envelope)), readShareText(text)]).toEqual([text, hex(envelope)])
  expect([shareHash(hex(envelope)), checkWords(hex(envelope))]).toEqual([hex(hash), words])
  const { set, root, party } = vectors.commitments
  expect(commitment(hex(root.secret), hex(set), 'root', '')).toEqual(hex(root.commitment))
  expect(commitment(hex(party.secret), hex(set), 'party', party.name)).toEqual(hex(party.commitment))
})

it("knows the customer's half by its fingerprint", () => {
  const { bytes, fingerprint } = vectors.half
  expect(readHalf(`${bytes}\n`)).toMatchObject({ fingerprint })
  expect(() => readHalf(bytes.slice(4))).toThrow(RangeError)
})

it('names an escorted access after its proposal', () => {
  const { proposal, name } = vectors.escort
  expect(escortId(proposal)).toBe(name)
})

it('reads the proposal and the approval of it', () => {
  const { document, id } = vectors.proposal
  expect(writeProposal(readProposal(Buffer.from(document)))).toBe(document)
  expect(proposalId(document)).toBe(id)
  expect(policyDigest(DEFAULT_POLICY)).toBe(vectors.policy)
  const approval = readApproval(vectors.approval)
  expect(approval).toMatchObject({ decision: 'approve', proposal: id })
  expect(approvalText(approval)).toBe(vectors.approval)
})

it('reads the export, and opens its key by the private key of its recipient', async () => {
  const { note, privateKey, key } = vectors.export
  const exported = readKeyExport(note, readVerifierKey(vectors.log.key))
  expect(exported).toMatchObject({
    tenant: 'acme',
    split: false,
    keys: [{ bucket: 'photos', epoch: '2026-11' }],
  })
  expect(await openKey(exported, exported.keys[0]!, hex(privateKey))).toEqual(hex(key))
})

it('reads the manifest of the backup, and opens its lines by the private key of its recipient', async () => {
  const vector = JSON.parse(readFileSync('test/vectors/custody/backup.json', 'utf8'))
  const file = `${temporaryFolder()}/a.backup`
  writeFileSync(file, Buffer.from(vector.backup, 'base64'))
  const log = readVerifierKey(vector.log)
  expect(await readManifest(file, log)).toMatchObject(vector.manifest)
  const lines: string[] = []
  for await (const line of backupLines(file, log.name, Buffer.from(vector.privateKey, 'base64url')))
    lines.push(`${line}\n`)
  expect(lines).toEqual(vector.lines)
  expect(lines.map(readRow).map(writeRow)).toEqual(vector.lines)
})
