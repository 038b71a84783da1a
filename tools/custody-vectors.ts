import { writeFileSync } from 'node:fs'
import { approvalText } from '../src/custody/approvals/approval.ts'
import { proposalId, writeProposal } from '../src/custody/approvals/document.ts'
import { DEFAULT_POLICY, policyDigest } from '../src/custody/approvals/policy.ts'
import { escortId } from '../src/custody/escorts/key.ts'
import { sealKey, writeKeyExport } from '../src/custody/export/key-export.ts'
import { generateHpkeKey } from '../src/custody/hpke.ts'
import { checkpointText, cosign, signCheckpoint } from '../src/custody/log/checkpoint.ts'
import { hiddenHash } from '../src/custody/log/entry.ts'
import { signatureLine, signer, verifierKey, writeNote } from '../src/custody/log/note.ts'
import { leafHash } from '../src/custody/log/tree.ts'
import { commitment } from '../src/custody/quorum/quorum.ts'
import { shareHash, writeShare } from '../src/custody/quorum/share.ts'
import { checkWords, shareText } from '../src/custody/quorum/share-text.ts'
import { signStatement } from '../src/evidence/statement.ts'
import { halfFingerprint } from '../src/keys/half.ts'

/** Writes the vectors of docs/custody-formats.md: `node tools/custody-vectors.ts`. A change of them is a change of the format. */

const counting = (length: number, from = 0): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (from + i) & 0xff))
const origin = 'trustee.example/log'
const log = signer(origin, 1, counting(32))
const witness = signer('customer.example/witness', 4, counting(32, 32))
const leaf = Buffer.from('{"at":1700000000000,"body":{"lease":"l1"},"hidden":{},"type":"lease","v":1}')
const checkpoint = { origin, size: 1, root: leafHash(leaf) }
const set = counting(16, 64)
const share = writeShare({
  origin,
  set,
  party: 'trustee',
  partyNumber: 7,
  holder: 'anna',
  holderNumber: 9,
  partiesNeeded: 2,
  parties: 2,
  holdersNeeded: 2,
  holders: 3,
  bytes: Buffer.concat([counting(33, 128), Uint8Array.of(9)]),
})
const proposal = writeProposal({
  origin,
  act: 'enrol-proxy',
  tenant: 'acme',
  params: { proxy: 'a'.repeat(64), buckets: ['*'] },
  target: 0,
  policy: policyDigest(DEFAULT_POLICY),
  needed: { officers: 2, delegates: 1, wait: 0, alone: false },
  reason: 'second site',
  proposer: `SHA256:${'A'.repeat(43)}`,
  created: 1_700_000_000_000,
  expires: 1_700_086_400_000,
  notBefore: 1_700_000_000_000,
  nonce: 'A'.repeat(22),
  checkpoint: `1 ${checkpoint.root.toString('base64')}`,
})
const salt = counting(32, 96)

// HPKE draws its own ephemeral key, so this vector is another after each run: what holds is that it opens.
const recipient = await generateHpkeKey()
const exportedKey = { id: counting(16, 16), bucket: 'photos', epoch: '2026-11', key: counting(32, 160) }
const exported = writeKeyExport(
  {
    ...{ origin, made: 1_700_000_000_000, tenant: 'acme', split: false, proposal: 'a'.repeat(64) },
    recipient: recipient.publicKey.toString('base64url'),
    keys: [await sealKey(origin, 'acme', exportedKey, exportedKey.key, recipient.publicKey)],
  },
  log,
)

const vectors = {
  note: "Treuhand's own formats, made by tools/custody-vectors.ts; docs/custody-formats.md describes them",
  log: { seed: counting(32).toString('hex'), key: verifierKey(log) },
  witness: { seed: counting(32, 32).toString('hex'), key: verifierKey(witness) },
  leaf: { text: leaf.toString(), hash: leafHash(leaf).toString('hex') },
  hidden: {
    kind: 'person',
    salt: salt.toString('hex'),
    value: 'Erika Mustermann',
    hash: hiddenHash('person', salt, 'Erika Mustermann').toString('hex'),
  },
  checkpoint: writeNote(signCheckpoint(checkpoint, log)),
  cosignature: {
    time: 1_700_000_000,
    line: signatureLine(cosign(checkpointText(checkpoint), witness, 1_700_000_000)),
  },
  share: {
    envelope: share.toString('hex'),
    text: shareText(share),
    hash: shareHash(share).toString('hex'),
    words: checkWords(share),
  },
  commitments: {
    set: set.toString('hex'),
    root: {
      secret: counting(32).toString('hex'),
      commitment: commitment(counting(32), set, 'root', '').toString('hex'),
    },
    party: {
      name: 'trustee',
      secret: counting(33).toString('hex'),
      commitment: commitment(counting(33), set, 'party', 'trustee').toString('hex'),
    },
  },
  half: { bytes: counting(32, 160).toString('base64'), fingerprint: halfFingerprint(counting(32, 160)) },
  policy: policyDigest(DEFAULT_POLICY),
  proposal: { document: proposal, id: proposalId(proposal) },
  escort: { proposal: proposalId(proposal), name: escortId(proposalId(proposal)) },
  approval: approvalText({
    origin,
    decision: 'approve',
    proposal: proposalId(proposal),
    signer: `SHA256:${'B'.repeat(43)}`,
    expires: 1_700_086_400_000,
    nonce: 'B'.repeat(22),
  }),
  export: {
    privateKey: recipient.privateKey.toString('hex'),
    key: exportedKey.key.toString('hex'),
    note: exported,
  },
  statement: signStatement(
    { origin, kind: 'custody', made: 1_700_000_000_000, body: { seal: 'quorum' } },
    log,
  ),
}

const file = new URL('../test/vectors/custody/formats.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(vectors, undefined, 1)}\n`)
