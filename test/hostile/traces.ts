import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** Looks for what must stay secret in what others can read. */

const WINDOW = 16
const WORD = 4
/** Of 16 bytes in a row, one of the 13 words of 4 bytes in them begins at a multiple of 12. */
const STRIDE = WINDOW - WORD

/** Finds any 16 bytes of a secret, wherever they begin: words at multiples of the stride lead to them. */
export class Secrets {
  readonly #places = new Map<
    number,
    { readonly bytes: Buffer; readonly at: number; readonly name: string }[]
  >()
  /** Whether any word begins with these 24 bits: nearly all of a haystack needs no more than this look. */
  readonly #mayBe = new Uint8Array(1 << 24)

  /** @param secret at least 16 bytes */
  add(name: string, secret: Buffer | string): void {
    const bytes = Buffer.from(secret as string)
    if (bytes.length < WINDOW) throw new RangeError(`${name} is too short to be told from chance`)
    for (let at = 0; at + WORD <= bytes.length; at += STRIDE) {
      const word = bytes.readUInt32LE(at)
      this.#mayBe[word & 0xffffff] = 1
      const place = { bytes, at, name }
      const places = this.#places.get(word)
      if (places) places.push(place)
      else this.#places.set(word, [place])
    }
  }

  /** The first secret of which 16 bytes stand in the haystack. */
  foundIn(haystack: Buffer): string | undefined {
    let window = 0
    for (let end = 0; end < haystack.length; end++) {
      window = ((window >>> 8) | (haystack[end]! << 24)) >>> 0
      if (end < WORD - 1 || this.#mayBe[window & 0xffffff] === 0) continue
      for (const { bytes, at, name } of this.#places.get(window) ?? [])
        if (common(haystack, end - WORD + 1, bytes, at) >= WINDOW) return name
    }
    return undefined
  }
}

/** How many bytes around two places are equal. */
function common(a: Buffer, atA: number, b: Buffer, atB: number): number {
  let before = 0
  while (before < WINDOW && before < atA && before < atB && a[atA - before - 1] === b[atB - before - 1])
    before++
  let behind = 0
  while (
    behind < WINDOW &&
    atA + behind < a.length &&
    atB + behind < b.length &&
    a[atA + behind] === b[atB + behind]
  )
    behind++
  return before + behind
}

/** Digests of a plaintext in the spellings in which programs write them. */
export function digestsOf(plaintext: Buffer): string[] {
  const digests = ['md5', 'sha1', 'sha256'].map(name => createHash(name).update(plaintext).digest())
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(plaintext))
  return [...digests, crc].flatMap(digest => [digest.toString('hex'), digest.toString('base64')])
}

/** Every file below a folder: its path, and its bytes with its name and extended attributes. */
export function readFolder(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() || entry.isDirectory())
    .map(entry => ({ path: join(entry.parentPath, entry.name), isFile: entry.isFile() }))
  const attributes = extendedAttributes(folder)
  return new Map(
    files.map(({ path, isFile }) => [
      path,
      Buffer.concat([isFile ? readFileSync(path) : Buffer.alloc(0), attributes.get(path) ?? Buffer.alloc(0)]),
    ]),
  )
}

/** By Python, since Node has no way to them. */
function extendedAttributes(folder: string): Map<string, Buffer> {
  const program = `
import json, os, sys
found = {}
for parent, folders, files in os.walk(sys.argv[1]):
    for name in folders + files:
        path = os.path.join(parent, name)
        values = [key.encode() + b"=" + os.getxattr(path, key) for key in os.listxattr(path)]
        found[path] = b"\\n".join(values).hex()
print(json.dumps(found))`
  const found: Record<string, string> = JSON.parse(
    execFileSync('python3', ['-c', program, folder], { maxBuffer: 2 ** 28 }).toString(),
  )
  return new Map(Object.entries(found).map(([path, hex]) => [path, Buffer.from(hex, 'hex')]))
}
