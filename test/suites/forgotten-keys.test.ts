import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../custody/folder.ts'
import { addTenant, enrolProxy, startCustodian } from '../custody/server/custodian.ts'
import { memoryOf, spellings } from '../harness/memory.ts'

const CHILD = join(import.meta.dirname, 'forgetful-child.ts')

/** What a core dump of a proxy would hold of a key that it was leased, and what a snapshot of its heap holds. */
test.each(['node', 'evp'])(
  'once its lease has ended, no byte of a group key stands in the memory of a proxy (engine %s)',
  async engine => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme')
    const proxy = await enrolProxy(custodian, 'acme', ['photos'])
    const lease = await proxy.lease({ tenant: 'acme', bucket: 'photos', key: 'current' })
    const key = spellings(Buffer.from(lease.keys[0]!.key!))
    const snapshot = join(temporaryFolder(), 'heap.heapsnapshot')
    const args = [CHILD, custodian.url, proxy.folder, engine, snapshot]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))

    await once(child.stdout, 'data')
    // While the lease runs it is there: a search that found nothing now would find nothing ever.
    expect((await memoryOf(child.pid!, key)).places).not.toEqual([])
    child.stdin.write('end the lease\n')
    await once(child.stdout, 'data')
    const { bytes, places } = await memoryOf(child.pid!, key)
    expect(places).toEqual([])
    expect(bytes).toBeGreaterThan(10_000_000)
    const heap = await readFile(snapshot)
    expect(heap.length).toBeGreaterThan(100_000)
    for (const spelling of key) expect(heap.includes(spelling)).toBe(false)
  },
)
