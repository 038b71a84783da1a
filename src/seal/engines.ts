import { type AeadEngine, TAG_BYTES } from './aead.ts'
import { evpEngine } from './engine-evp.ts'
import { nodeEngine } from './engine-node.ts'
import { DoesNotOpen } from './errors.ts'

export type EngineName = 'node' | 'evp' | 'auto'

export interface ChosenEngine {
  readonly engine: AeadEngine
  /** One sentence for the log: which engine seals, and why this one. */
  readonly why: string
}

/**
 * The AEAD engine by name. `evp` and `auto` prove the EVP engine against node:crypto first; where it is not
 * there or gives one wrong byte, `auto` takes node:crypto.
 * @throws Error for `evp` where it cannot be had: then `auto` or `node` is the cure
 */
export function chooseEngine(name: EngineName): ChosenEngine {
  if (name === 'node') return { engine: nodeEngine, why: 'node:crypto, as configured' }
  try {
    const engine = evpEngine()
    proveEngine(engine)
    return { engine, why: 'OpenSSL EVP in place, proven against node:crypto' }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (name === 'auto')
      return { engine: nodeEngine, why: `node:crypto, because EVP is not to be had: ${reason}` }
    throw new Error(`the EVP engine is not to be had (${reason}); choose "auto" or "node"`, { cause })
  }
}

/**
 * Known answers: node:crypto seals messages around every border, the engine must give the same bytes, open
 * them, and refuse each changed tag; likewise blocks and HMACs.
 * @throws Error at the first difference
 */
export function proveEngine(engine: AeadEngine): void {
  const key = pattern(32, 1)
  for (const [round, length] of PROVEN_LENGTHS.entries()) {
    const nonce = pattern(12, round)
    const data = round % 2 === 0 ? undefined : pattern(length % 300, 5)
    const plaintext = pattern(length, 7)
    const expected = Buffer.alloc(length + TAG_BYTES)
    nodeEngine.seal(key, nonce, plaintext, expected, data)
    for (const inPlace of [false, true]) {
      const sealed = Buffer.alloc(length + TAG_BYTES)
      if (inPlace) sealed.set(plaintext)
      engine.seal(key, nonce, inPlace ? sealed.subarray(0, length) : plaintext, sealed, data)
      if (!same(sealed, expected)) throw unproven('seals')
      const opened = inPlace ? sealed.subarray(0, length) : Buffer.alloc(length)
      engine.open(key, nonce, sealed, opened, data)
      if (!same(opened, plaintext)) throw unproven('opens')
    }
    const changed = Buffer.from(expected)
    changed[length + (round % TAG_BYTES)]! ^= 1
    if (!refuses(() => engine.open(key, nonce, changed, Buffer.alloc(length), data)))
      throw unproven('verifies')
  }
  if (!same(engine.blocks(key, pattern(48, 3)), nodeEngine.blocks(key, pattern(48, 3))))
    throw unproven('enciphers')
  for (const length of [0, 1, 31, 32, 55, 56, 64]) {
    const [short, message] = [pattern(length, 2), pattern(16 * length, 4)]
    if (!same(engine.hmac(short, message), nodeEngine.hmac(short, message))) throw unproven('hashes')
  }
}

const PROVEN_LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 4096, 65_480, 65_520]

const pattern = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff))

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function refuses(open: () => void): boolean {
  try {
    open()
    return false
  } catch (error) {
    return error instanceof DoesNotOpen
  }
}

const unproven = (act: string): Error =>
  new Error(`its known-answer test failed: it ${act} otherwise than node:crypto`)
