import { describe, expect, it } from 'vitest'
import { cosign } from '../../src/custody/log/checkpoint.ts'
import { Log } from '../../src/custody/log/log.ts'
import { readNote, signer, signText, writeNote } from '../../src/custody/log/note.ts'
import { readEvidence, statementEntry, verifyEvidence, writeEvidence } from '../../src/evidence/evidence.ts'
import { openStatement, signStatement } from '../../src/evidence/statement.ts'
import { MemoryLogStore } from '../custody/log/memory-store.ts'

const key = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witness = signer('customer.example/witness', 4, Buffer.alloc(32, 2))
const trust = { log: key, witness }
const stated = { origin: key.name, kind: 'order-answer' as const, made: 1, body: { held: ['ciphertext'] } }

async function evidenceOf(statement: string) {
  const log = await Log.open(new MemoryLogStore(), key)
  await log.append({ type: 'genesis', at: 0, body: {} })
  const index = await log.append(statementEntry(statement, 'order-answer', 1))
  await log.append({ type: 'lease', at: 2, body: {} })
  const note = readNote(log.head.note)
  const signatures = [...note.signatures, cosign(note.text, witness, 1_700_000_000)]
  const proof = {
    index,
    hashes: await log.inclusion(index),
    checkpoint: writeNote({ text: note.text, signatures }),
  }
  return { statement, leaf: await log.leaf(index), proof }
}

describe('evidence', () => {
  it('is verified offline: who stated it, that the log holds it, when the witness saw it', async () => {
    const evidence = await evidenceOf(signStatement(stated, key))
    const read = readEvidence(Buffer.from(writeEvidence(evidence)))
    expect(verifyEvidence(read, trust)).toEqual({
      statement: stated,
      index: 1,
      size: 3,
      witnessedAt: 1_700_000_000_000,
    })
  })

  it('does not verify for another statement, log, witness or entry', async () => {
    const evidence = await evidenceOf(signStatement(stated, key))
    const other = signStatement({ ...stated, made: 2 }, key)
    const unverified = expect.objectContaining({ code: 'Unverified' })
    expect(() => verifyEvidence({ ...evidence, statement: other }, trust)).toThrow(unverified)
    const stranger = signer(key.name, 1, Buffer.alloc(32, 9))
    expect(() => verifyEvidence(evidence, { ...trust, log: stranger })).toThrow(unverified)
    const absent = signer('other.example/witness', 4, Buffer.alloc(32, 3))
    expect(() => verifyEvidence(evidence, { log: key, witness: absent })).toThrow(unverified)
    const foreign = await evidenceOf(other)
    expect(() => verifyEvidence({ ...evidence, leaf: foreign.leaf }, trust)).toThrow(unverified)
    expect(() => verifyEvidence({ ...evidence, proof: { ...evidence.proof, index: 0 } }, trust)).toThrow(
      unverified,
    )
  })

  it('takes no checkpoint for a statement, and no statement with a letter changed', () => {
    const note = signStatement(stated, key)
    expect(openStatement(note, key)).toEqual(stated)
    expect(() => openStatement(note.replace('ciphertext', 'plaintext'), key)).toThrow(/not signed/)
    expect(() => openStatement(note.replace('statement/v1', 'statement/v2'), key)).toThrow(/not a statement/)
  })

  it('refuses a statement that says nothing, although it is signed', () => {
    for (const json of ['null', '{"body":null,"kind":"custody","made":1}']) {
      const text = `treuhand/statement/v1\n${key.name}\n${json}\n`
      const note = writeNote({ text, signatures: [signText(text, key)] })
      expect(() => openStatement(note, key)).toThrow(/kind that is not known/)
    }
  })
})
