/**
 * The one suite of version 1: AES-256-GCM, XAES-256-GCM, HKDF-SHA-256, segments of 65,536 bytes. Version and
 * suite stand in every label, so no key of one suite is ever a key of another.
 */
export const VERSION = 1
export const SUITE = 1

export const DEK_BYTES = 32

const label = (purpose: string): Buffer => Buffer.from(`treuhand/v${VERSION}/s${SUITE}/${purpose}`, 'ascii')

/** What each derived key is for; the ASCII bytes are HKDF's `info`, or begin it. */
export const LABEL = {
  commitment: label('commitment'),
  metadata: label('metadata'),
  part: label('part'),
  table: label('table'),
  summary: label('summary'),
  split: label('split'),
  partNumber: label('part-number'),
} as const
