import { join } from 'node:path'

/**
 * Payload files are numbered; a number is never used twice. 4,096 numbers are a block: one folder, and what a
 * process sets aside at once. Path: `payload/GGGGGG/BBB/FFF`, the twelve hexadecimal digits of the number.
 */
export const BLOCK = 4096

export function blockOf(file: number): number {
  return Math.floor(file / BLOCK)
}

export function blockFolder(payload: string, block: number): string {
  const digits = block.toString(16).padStart(9, '0')
  return join(payload, digits.slice(0, 6), digits.slice(6))
}

export function filePath(payload: string, file: number): string {
  return join(blockFolder(payload, blockOf(file)), (file % BLOCK).toString(16).padStart(3, '0'))
}

/** The number of a file found in a block's folder; `undefined` where it has no name of ours. */
export function fileOfName(block: number, name: string): number | undefined {
  return /^[0-9a-f]{3}$/.test(name) ? block * BLOCK + Number.parseInt(name, 16) : undefined
}
