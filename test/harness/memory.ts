import { open, readFile } from 'node:fs/promises'

/** A secret as it is written down: its bytes, hexadecimal, base64 and base64url. */
export const spellings = (secret: Buffer): Buffer[] => [
  secret,
  ...(['hex', 'base64', 'base64url'] as const).map(form => Buffer.from(secret.toString(form))),
]

/**
 * Searches the memory of another process, all of which a core dump would hold. Needs Linux and leave to trace it.
 * @returns the bytes that were read, and where what was found stands
 */
export async function memoryOf(
  pid: number,
  secrets: readonly Buffer[],
): Promise<{ bytes: number; places: string[] }> {
  const places: string[] = []
  let bytes = 0
  const memory = await open(`/proc/${pid}/mem`)
  try {
    for (const line of (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n')) {
      const [, from, to, flags, name = ''] =
        /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
      if (from === undefined || to === undefined || !flags!.startsWith('rw')) continue
      const start = Number.parseInt(from, 16)
      const piece = Buffer.alloc(Number.parseInt(to, 16) - start)
      // What is mapped and was never touched, or went meanwhile, cannot be read.
      const read = await memory.read(piece, 0, piece.length, start).catch(() => ({ bytesRead: 0 }))
      bytes += read.bytesRead
      for (const secret of secrets) {
        const found = piece.subarray(0, read.bytesRead).indexOf(secret)
        if (found >= 0) places.push(`${name || 'anonymous'} at ${(start + found).toString(16)}`)
      }
    }
  } finally {
    await memory.close()
  }
  return { bytes, places }
}
