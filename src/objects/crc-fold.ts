import { assembleFolder } from './crc-fold-wasm.ts'
import type { ChecksumDigest } from './wasm-digest.ts'

/** A message is folded once it is this long: below, the last step costs what folding saves. */
const WORTH_FOLDING = 32 * 1024
const BLOCK = 64 * 1024
const WIDEST_REGISTER = 8

/**
 * Digests of a reflected CRC, fast where messages are long, without tables and without carry-less multiplication,
 * which WebAssembly has not got: XORs of 16 bytes replace the message by one of a few thousand bytes that has the
 * same CRC, and that one is digested as any other (Russell, "Chorba: A novel CRC32 implementation", arXiv 2412.16398).
 *
 * Adding a multiple of its polynomial to a message leaves the CRC as it is. Where a multiple has few terms, all
 * of them whole bytes apart, a byte can be taken out by adding it to a few that follow. Seen from those: each
 * byte becomes the sum of itself and of those that lie at certain distances before it, as they have become. In
 * the end all that counts are the last bytes, as many as the greatest distance, without what they added to
 * each other.
 *
 * @param short digests of the same CRC, for a message's beginning and for what is left of it
 * @param distances bytes such that, modulo the polynomial, 1 = Σ x^(-8·distance). Above 1,024, so that no step
 *   waits for what was written a moment before
 */
export function folding(short: () => ChecksumDigest, distances: readonly number[]): () => ChecksumDigest {
  const { memory, start, fold } = assembleFolder(distances, BLOCK)
  const span = Math.max(...distances)
  const past = memory.subarray(start - span, start)
  const block = memory.subarray(start)
  let running: FoldingDigest | undefined

  /** Digests take turns on the one memory: one has its past there, the others keep theirs. */
  class FoldingDigest implements ChecksumDigest {
    #length = 0
    /** Of what came before there was enough to fold. */
    #beginning: ChecksumDigest | undefined = short()
    #past: Uint8Array | undefined

    update(bytes: Uint8Array): void {
      this.#length += bytes.length
      if (this.#beginning !== undefined && (this.#length < WORTH_FOLDING || bytes.length < WIDEST_REGISTER)) {
        this.#beginning.update(bytes)
        return
      }
      this.#resume()
      for (let at = 0; at < bytes.length; at += BLOCK) this.#fold(bytes.subarray(at, at + BLOCK))
    }

    digest(): Uint8Array {
      if (this.#beginning !== undefined) return this.#beginning.digest()
      this.#resume()
      running = undefined
      const left = past.slice()
      for (let at = span - 1; at >= 0; at--)
        for (const distance of distances) if (distance <= at) left[at]! ^= left[at - distance]!
      const digest = short()
      addRegister(short().digest(), left)
      digest.update(left)
      return digest.digest()
    }

    #fold(bytes: Uint8Array): void {
      block.set(bytes)
      if (this.#beginning !== undefined) addRegister(this.#beginning.digest(), block)
      this.#beginning = undefined
      fold(bytes.length)
      memory.copyWithin(start - span, start - span + bytes.length, start + bytes.length)
    }

    #resume(): void {
      if (running === this) return
      if (running !== undefined) running.#past = past.slice()
      if (this.#past !== undefined) past.set(this.#past)
      else past.fill(0)
      running = this
    }
  }
  return () => new FoldingDigest()
}

/**
 * Adds a CRC's register to the message that follows, so that the CRC may go on from a register of zeros, or takes
 * it out again.
 * @param value of the CRC so far: the register inverted, with its highest byte first
 */
function addRegister(value: Uint8Array, message: Uint8Array): void {
  for (let at = 0; at < value.length; at++) message[at]! ^= ~value[value.length - 1 - at]!
}
