import { DoesNotOpen } from './errors.ts'

/** Writes a whole number below 2^53 as 8 bytes, big-endian. */
export function writeUint64(into: Buffer, value: number, offset: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`expected a whole number, got ${value}`)
  into.writeUInt32BE(Math.floor(value / 2 ** 32), offset)
  into.writeUInt32BE(value % 2 ** 32, offset + 4)
}

/** @throws DoesNotOpen above 2^53: no object is so large, no clock so late */
export function readUint64(from: Buffer, offset: number): number {
  const value = from.readUInt32BE(offset) * 2 ** 32 + from.readUInt32BE(offset + 4)
  if (!Number.isSafeInteger(value)) throw new DoesNotOpen()
  return value
}
