/** Run as a process of its own: FILE UPLOAD FIRST COUNT, the path store's key as KEY in the environment. */
import { openPathRegistry } from '../../../src/registry/path/registry.ts'
import { part } from './part.ts'

const [file = '', uploadId = '', first, count] = process.argv.slice(2)
const registry = await openPathRegistry({ file, key: Buffer.from(process.env['KEY'] ?? '', 'hex') })
for (let number = Number(first); number < Number(first) + Number(count); number++)
  await registry.parts.record(part(uploadId, number))
await registry.close()
