import { CustodyError } from './errors.ts'
import { unwrap, type WrappingKey, wrap } from './wrap.ts'

/** McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 16. */
const VECTOR = {
  key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
  iv: 'cafebabefacedbaddecaf888',
  additionalData: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
  plain:
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
    '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  sealed:
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
    '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
    '76fc6ece0f4e1768cddf8853bb2d551b',
}

/**
 * Seals a published vector and opens it, so that no custodian works over a broken AES-GCM.
 *
 * @throws CustodyError `SelfTestFailed`
 */
export async function testAesGcm(): Promise<void> {
  const { subtle } = crypto
  const algorithm = { name: 'AES-GCM', iv: bytes(VECTOR.iv), additionalData: bytes(VECTOR.additionalData) }
  const key = await subtle.importKey('raw', bytes(VECTOR.key), 'AES-GCM', false, ['encrypt'])
  const sealed = await subtle.encrypt(algorithm, key, bytes(VECTOR.plain))
  if (Buffer.from(sealed).toString('hex') !== VECTOR.sealed)
    throw failed('AES-256-GCM gives a wrong ciphertext')
}

/**
 * Proves a root handle of whatever make: what it wraps it unwraps, and another context is refused. Some
 * HSMs ignore the IV or the additional data that they are given.
 *
 * @throws CustodyError `SelfTestFailed`
 */
export async function testWrappingKey(root: WrappingKey): Promise<void> {
  const probe = crypto.getRandomValues(new Uint8Array(32))
  const wrapped = await wrap(root, probe, ['treuhand/probe/v1', 'right'])
  const opened = await unwrap(root, wrapped, ['treuhand/probe/v1', 'right'])
  if (!Buffer.from(opened).equals(probe)) throw failed('the root unwraps other bytes than it wrapped')
  const accepted = await unwrap(root, wrapped, ['treuhand/probe/v1', 'wrong']).catch(() => undefined)
  if (accepted !== undefined) throw failed('the root ignores the context of a wrapped key')
}

function bytes(hex: string) {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function failed(what: string): CustodyError {
  return new CustodyError(
    'SelfTestFailed',
    `Self-test failed: ${what}. Do not use this machine or HSM for keys.`,
  )
}
