import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { HeldLimits } from '../../../src/registry/path/parts.ts'
import { openPathRegistry, type PathRegistry } from '../../../src/registry/path/registry.ts'
import type { Upload } from '../../../src/registry/path/uploads.ts'

export interface Fixture {
  readonly folder: string
  readonly file: string
  readonly key: Uint8Array
  readonly registry: PathRegistry
  /** A second connection to the same file, as another worker has it. */
  another(): Promise<PathRegistry>
}

export async function openFixture(heldLimits?: HeldLimits): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-path-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const options = {
    file: join(folder, 'path.sqlite'),
    key: randomBytes(32),
    ...(heldLimits && { heldLimits }),
  }
  const another = async () => {
    const registry = await openPathRegistry(options)
    onTestFinished(() => registry.close())
    return registry
  }
  return { folder, file: options.file, key: options.key, registry: await another(), another }
}

export const upload = (id: string, more: Partial<Upload> = {}): Omit<Upload, 'created' | 'result'> => ({
  id,
  tenant: 'acme',
  bucket: 'photos',
  key: 'summer/beach.jpg',
  storeBucket: 'acme-photos',
  envelope: randomBytes(72),
  sealedMetadata: { metadata: { th1: 'AAAA', th1m: 'BBBB' }, contentDisposition: 'CCCC' },
  ...more,
})
