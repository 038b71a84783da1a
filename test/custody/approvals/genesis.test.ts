import { describe, expect, it } from 'vitest'
import {
  type Genesis,
  genesisEntry,
  readGenesis,
  writeGenesis,
} from '../../../src/custody/approvals/genesis.ts'
import { DEFAULT_POLICY } from '../../../src/custody/approvals/policy.ts'
import { readEntry, writeEntry } from '../../../src/custody/log/entry.ts'
import { signer, verifierKey } from '../../../src/custody/log/note.ts'
import { ORIGIN, TestGround } from './ground.ts'

const ground = new TestGround()
const genesis: Genesis = {
  origin: ORIGIN,
  log: verifierKey(signer(ORIGIN, 1, Buffer.alloc(32, 1))),
  witness: null,
  authority: 'a'.repeat(64),
  seal: 'quorum',
  quorum: null,
  approvers: Object.fromEntries(ground.known),
  policy: DEFAULT_POLICY,
  created: 1,
}

describe('the genesis document', () => {
  it('is the first entry, and reads back with the digest that the customer checks', () => {
    const { leaf } = writeEntry(genesisEntry(writeGenesis(genesis), 1))
    const read = readGenesis(readEntry(leaf), ORIGIN)
    expect(read.genesis).toEqual(genesis)
    expect(read.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(() => readGenesis(readEntry(leaf), 'other')).toThrow(/another log/)
  })

  it('refuses a person in two parties or roles, a key under another name, a weak policy', () => {
    const [fingerprint, approver] = [...ground.known][0]!
    const { ben } = ground
    const twice = {
      ...genesis.approvers,
      [ben.fingerprint]: {
        ...ground.known.get(ben.fingerprint)!,
        person: approver.person,
        role: 'delegate' as const,
      },
    }
    expect(() => writeGenesis({ ...genesis, approvers: twice })).toThrow(/one party/)
    expect(() => writeGenesis({ ...genesis, approvers: { [`${fingerprint}x`]: approver } })).toThrow(
      /another/,
    )
    const weak = { ...DEFAULT_POLICY, 'destroy-keys': { officers: 0, delegates: 0, wait: 0, alone: false } }
    expect(() => writeGenesis({ ...genesis, policy: weak })).toThrow(/one person/)
  })
})
