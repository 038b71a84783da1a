import { randomBytes } from 'node:crypto'
import type { Part } from '../../../src/registry/path/parts.ts'

export const part = (uploadId: string, number: number, more: Partial<Part> = {}): Part => ({
  uploadId,
  number,
  etag: randomBytes(16).toString('hex'),
  plainLength: 5 * 2 ** 20,
  salt: randomBytes(32),
  prefix: randomBytes(7),
  ...more,
})
