import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { approvalText, readApproval } from '../../../src/custody/approvals/approval.ts'
import { readProposal, writeProposal } from '../../../src/custody/approvals/document.ts'
import { readGenesis } from '../../../src/custody/approvals/genesis.ts'
import { registerPasskey, verifyPasskey } from '../../../src/custody/approvals/passkey.ts'
import { readSshKey } from '../../../src/custody/approvals/ssh-key.ts'
import { verifySshSignature } from '../../../src/custody/approvals/sshsig.ts'
import { canonical, readCanonical } from '../../../src/custody/canonical.ts'
import { CustodyError } from '../../../src/custody/errors.ts'
import { openCheckpoint } from '../../../src/custody/log/checkpoint.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import {
  readNote,
  readVerifierKey,
  signer,
  signText,
  verifierKey,
  writeNote,
} from '../../../src/custody/log/note.ts'
import { readProof, verifyProof, writeProof } from '../../../src/custody/log/proof.ts'
import { packEntries, unpackEntries } from '../../../src/custody/log/tiles.ts'
import { readAddCheckpoint, writeAddCheckpoint } from '../../../src/custody/log/witness-protocol.ts'
import { readShare, writeShare } from '../../../src/custody/quorum/share.ts'
import { readShareText, shareText } from '../../../src/custody/quorum/share-text.ts'
import { readEvidence } from '../../../src/evidence/evidence.ts'
import { openStatement } from '../../../src/evidence/statement.ts'
import { readTicket } from '../../../src/keys/remote/enrol.ts'
import { Authenticator } from '../../../test/custody/approvals/authenticator.ts'
import { holds, named, refusing, type Target } from '../target.ts'

/**
 * What people, proxies, witnesses and disks hand to a custodian. The first line names the reader, the rest is what it
 * reads. What is accepted has one spelling, and what was signed is what is read.
 */
export async function open(): Promise<Target> {
  const passkey = await passkeyReader()
  const readers: Readonly<Record<string, (input: Buffer) => void | Promise<void>>> = {
    ...READERS,
    passkey: passkey.read,
  }
  return {
    seeds: [...SEEDS, ...passkey.seeds],
    words: WORDS,
    longest: 70_000,
    async run(input) {
      const line = input.indexOf('\n')
      const reader = named(readers, input.toString('latin1', 0, Math.max(0, line)), 'canonical')
      await reader(input.subarray(line + 1))
    },
  }
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/custody/formats.json'), 'utf8'),
)
const ssh = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/custody/sshsig.json'), 'utf8'),
)
const LOG = readVerifierKey(vectors.log.key)
const LOG_SIGNER = signer(LOG.name, 0x01, Buffer.from(vectors.log.seed, 'hex'))
const SSH_TEXT = Buffer.from(ssh.text)
const CHECKPOINT: string = vectors.checkpoint
const LEAF = Buffer.from(vectors.leaf.text)
const PROOF = writeProof({ index: 0, hashes: [], checkpoint: CHECKPOINT })

const read = <T>(act: () => T): T | undefined => refusing(CustodyError, act)
const same = (one: string | Uint8Array, other: string | Uint8Array, what: string): void =>
  holds(Buffer.from(one as string).equals(Buffer.from(other as string)), `${what} has a second spelling`)

const READERS: Readonly<Record<string, (input: Buffer) => void>> = {
  canonical(input) {
    const value = read(() => readCanonical(input, 65_536))
    if (value !== undefined) same(canonical(value), input, 'a document')
  },
  entry: input => void read(() => readEntry(input)),
  genesis: input => {
    const entry = read(() => readEntry(input))
    if (entry !== undefined) read(() => readGenesis(entry, LOG.name))
  },
  proposal(input) {
    const proposal = read(() => readProposal(input))
    if (proposal !== undefined) same(writeProposal(proposal), input, 'a proposal')
  },
  approval(input) {
    const text = input.toString('utf8')
    const approval = read(() => readApproval(text))
    if (approval !== undefined) same(approvalText(approval), text, 'an approval')
  },
  note(input) {
    const note = read(() => readNote(input))
    if (note !== undefined) same(writeNote(note), input, 'a note')
  },
  checkpoint(input) {
    const checkpoint = read(() => openCheckpoint(input, LOG))
    if (checkpoint !== undefined) same(checkpoint.note.text, readNote(CHECKPOINT).text, 'the checkpoint')
  },
  'verifier-key'(input) {
    const key = read(() => readVerifierKey(input.toString('utf8')))
    if (key !== undefined) same(verifierKey(key), input, 'a key')
  },
  proof(input) {
    const proof = read(() => readProof(input.toString('utf8')))
    if (proof === undefined) return
    const proven = read(() => verifyProof(proof, LEAF, LOG, undefined))
    if (proven !== undefined)
      holds(proven.index === 0 && proven.size === 1, 'a proof of what is not in the log')
  },
  witness(input) {
    const asked = read(() => readAddCheckpoint(input))
    if (asked !== undefined) same(writeAddCheckpoint(asked), input, 'a request to a witness')
  },
  entries(input) {
    const entries = refusing(RangeError, () => unpackEntries(input))
    if (entries !== undefined) same(packEntries(entries), input, 'a bundle')
  },
  share(input) {
    const share = read(() => readShare(input))
    if (share !== undefined) same(writeShare(share), input, 'a share')
  },
  'share-text'(input) {
    const envelope = read(() => readShareText(input.toString('latin1')))
    if (envelope === undefined) return
    same(readShareText(shareText(envelope)), envelope, 'a share')
    read(() => readShare(envelope))
  },
  ssh(input) {
    const key = read(() => verifySshSignature(input.toString('latin1'), SSH_TEXT, ssh.namespace))
    if (key !== undefined) holds(SSH_KEYS.has(key.blob.toString('base64')), 'a signature that nobody made')
  },
  'ssh-key': input => void read(() => readSshKey(input.toString('latin1'))),
  // Signed as it stands, since what is not signed is not read.
  statement(input) {
    const text = `treuhand/statement/v1\n${LOG.name}\n${input.toString('utf8')}\n`
    const note = read(() => writeNote({ text, signatures: [signText(text, LOG_SIGNER)] }))
    if (note !== undefined) read(() => openStatement(note, LOG))
  },
  evidence: input => void read(() => readEvidence(input)),
  ticket: input => void refusing(RangeError, () => readTicket(input.toString('latin1'))),
}

const SSH_KEYS: ReadonlySet<string> = new Set(ssh.good.map(({ key }: { key: string }) => key.split(' ')[1]))

/** A passkey's answers are JSON of the browser's; only those that were made here may verify. */
async function passkeyReader() {
  const party = { id: 'console.trustee.example', origin: 'https://console.trustee.example' }
  const authenticator = new Authenticator()
  const challenge = Buffer.alloc(32, 1).toString('base64url')
  const registration = authenticator.register(challenge, party.origin, party.id)
  const passkey = await registerPasskey(registration, challenge, party)
  const text = 'treuhand/approval/v1'
  const { createHash } = await import('node:crypto')
  const signed = authenticator.sign(
    createHash('sha256').update(text).digest('base64url'),
    party.origin,
    party.id,
  )
  return {
    seeds: [registration, signed].map(response => `passkey\n${JSON.stringify(response)}`),
    async read(input: Buffer): Promise<void> {
      let response: never
      try {
        response = JSON.parse(input.toString('utf8')) as never
      } catch {
        return
      }
      if (typeof response !== 'object' || response === null) return
      await asked(() => registerPasskey(response, challenge, party))
      const counter = await asked(() => verifyPasskey(response, text, passkey, party))
      if (counter === undefined) return
      // A signature itself may be written in several ways; what it is of may not.
      const given = (response as typeof signed).response
      for (const name of ['authenticatorData', 'clientDataJSON'] as const)
        same(Buffer.from(given[name], 'base64url'), Buffer.from(signed.response[name], 'base64url'), name)
    },
  }
}

async function asked<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CustodyError) return undefined
    throw error
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const STATEMENT = /\n(\{.*\})\n/.exec(vectors.statement)![1]!

const SEEDS: readonly string[] = [
  `canonical\n{"a":[1,true,null,"\\u0001"],"b":{"c":-5}}`,
  `canonical\n${'['.repeat(17)}${']'.repeat(17)}`,
  `canonical\n${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  `entry\n${vectors.leaf.text}`,
  `genesis\n${vectors.leaf.text}`,
  `proposal\n${latin1(Buffer.from(vectors.proposal.document))}`,
  `approval\n${vectors.approval}`,
  `note\n${latin1(Buffer.from(CHECKPOINT))}`,
  `checkpoint\n${latin1(Buffer.from(CHECKPOINT))}`,
  `verifier-key\n${vectors.log.key}`,
  `proof\n${latin1(Buffer.from(PROOF))}`,
  `witness\n${latin1(Buffer.from(`old 0\n\n${CHECKPOINT}`))}`,
  `entries\n${latin1(packEntries([LEAF, Buffer.from('x')]))}`,
  `share\n${latin1(Buffer.from(vectors.share.envelope, 'hex'))}`,
  `share-text\n${vectors.share.text}`,
  ...ssh.good.map(({ signature }: { signature: string }) => `ssh\n${signature}`),
  ...ssh.good.map(({ key }: { key: string }) => `ssh-key\n${key}`),
  `statement\n${STATEMENT}`,
  'statement\nnull',
  `evidence\n${latin1(Buffer.from(canonical({ label: 'treuhand/evidence/v1', leaf: LEAF.toString('base64url'), proof: PROOF, statement: vectors.statement })))}`,
  `ticket\ntreuhand-enrol.${'a'.repeat(43)}.${'0'.repeat(64)}`,
]
const WORDS = [
  ...Object.keys(READERS).map(name => `${name}\n`),
  '[',
  ']',
  '{',
  '}',
  '{}',
  '[[[[',
  ',',
  ':',
  '"a":',
  'null',
  'true',
  '-0',
  '1.5',
  '1e400',
  '\\ud800',
  '"__proto__":{}',
  '\xe2\x80\x94 ',
  `${LOG.name} `,
  '\n\n',
  'old 0',
  'index 0',
  'AAAA',
  '==',
  '-----BEGIN SSH SIGNATURE-----\n',
  '-----END SSH SIGNATURE-----',
  'ssh-ed25519 ',
  'ecdsa-sha2-nistp256',
  'TREUHAND-SHARE-1-',
  '\xff\xff',
]
