import { describe, expect, it } from 'vitest'
import {
  checkpointText,
  cosign,
  cosignedAt,
  openCheckpoint,
  readCheckpointText,
  signCheckpoint,
} from '../../../src/custody/log/checkpoint.ts'
import {
  isBy,
  readNote,
  readVerifierKey,
  signer,
  signText,
  verifierKey,
  verifyText,
  writeNote,
} from '../../../src/custody/log/note.ts'
import { EMPTY_ROOT, leafHash } from '../../../src/custody/log/tree.ts'

/** The example of c2sp.org/signed-note, "Verifier keys". */
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const NOTE =
  'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'

const log = signer('trustee.example/log', 1, Buffer.alloc(32, 1))
const witness = signer('customer.example/witness', 4, Buffer.alloc(32, 2))
const head = { origin: log.name, size: 1, root: leafHash(Buffer.from('genesis')) }

describe('a signed note', () => {
  it("verifies the specification's own example", () => {
    const verifier = readVerifierKey(VKEY)
    const note = readNote(NOTE)
    expect(isBy(note.signatures[0]!, verifier)).toBe(true)
    expect(verifyText(note.text, note.signatures[0]!, verifier)).toBe(true)
    expect(verifyText(`${note.text}x`, note.signatures[0]!, verifier)).toBe(false)
    expect(verifierKey(verifier)).toBe(VKEY)
    expect(writeNote(note)).toBe(NOTE)
  })

  it('refuses control characters, bad base64, missing newlines and too many signatures', () => {
    const line = NOTE.slice(NOTE.indexOf('\u2014'))
    for (const bad of [
      'text\n',
      `te\txt\n\n${line}`,
      `text\n\n${line.slice(0, -1)}`,
      'text\n\n',
      'text\n\n\u2014 name AAAA\n',
      'text\n\n- name AAAAAAAA\n',
      `text\n\n\u2014 na+me ${'A'.repeat(12)}\n`,
      `text\n\n${line.repeat(65)}`,
    ])
      expect(() => readNote(bad), bad).toThrow(/note|signature/)
    expect(() => readNote(Buffer.from([0xff, 0x0a, 0x0a]))).toThrow(/UTF-8/)
    expect(() => readVerifierKey(VKEY.replace('530d903a', '530d903b'))).toThrow(/key id/)
  })
})

describe('a checkpoint', () => {
  it('opens under its log key, and under no other', () => {
    const note = writeNote(signCheckpoint(head, log))
    expect(openCheckpoint(note, log)).toMatchObject(head)
    expect(() => openCheckpoint(note, signer(log.name, 1, Buffer.alloc(32, 9)))).toThrow(/not signed/)
    const other = signer('other.example/log', 1, Buffer.alloc(32, 1))
    expect(() => openCheckpoint(signCheckpoint(head, other), other)).toThrow(/is of trustee/)
  })

  it('is refused whole when one signature under the log key is wrong', () => {
    const note = signCheckpoint(head, log)
    const wrong = { ...note.signatures[0]!, bytes: Buffer.alloc(64) }
    expect(() => openCheckpoint({ ...note, signatures: [...note.signatures, wrong] }, log)).toThrow(
      /not signed/,
    )
  })

  it('refuses sizes and roots in any but their one form', () => {
    const text = checkpointText(head)
    for (const bad of [
      text.replace('\n1\n', '\n01\n'),
      text.replace('\n1\n', '\n-1\n'),
      text.replace('\n1\n', '\n9007199254740993\n'),
      text.replace('=', ''),
      `${text}extension\n`,
    ])
      expect(() => readCheckpointText(bad), bad).toThrow(/three lines/)
    const empty = { ...head, size: 0 }
    expect(() => openCheckpoint(signCheckpoint(empty, log), log)).toThrow(/empty/)
    expect(openCheckpoint(signCheckpoint({ ...empty, root: EMPTY_ROOT }, log), log).size).toBe(0)
  })
})

describe('a cosignature', () => {
  it("binds the witness's time and the whole text", () => {
    const text = checkpointText(head)
    const signature = cosign(text, witness, 1_700_000_000)
    expect(cosignedAt(text, signature, witness)).toBe(1_700_000_000)
    expect(cosignedAt(checkpointText({ ...head, size: 2 }), signature, witness)).toBeUndefined()
    const later = Buffer.from(signature.bytes)
    later.writeBigUInt64BE(1_700_000_001n)
    expect(cosignedAt(text, { ...signature, bytes: later }, witness)).toBeUndefined()
  })

  it('is never made with a log key, nor a log signature with a witness key', () => {
    expect(() => cosign(checkpointText(head), log, 1)).toThrow(TypeError)
    expect(() => signText(checkpointText(head), witness)).toThrow(TypeError)
  })
})
