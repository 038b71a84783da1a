import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { temporaryFolder } from '../custody/folder.ts'
import { activeAndStandby, hasTakenOver } from '../custody/server/standby.ts'

describe('a standby over SQLite', () => {
  test('leases the same keys when the active custodian beside it is killed', async () => {
    const data = temporaryFolder()
    const { active, standby, urls, connect } = await activeAndStandby({ kind: 'sqlite' }, [data, data])
    const lease = await connect(urls)
    const before = await lease()
    active.child.kill('SIGKILL')
    await active.ended
    await hasTakenOver(standby)
    // A proxy that asked while nobody was there asks again by itself.
    const after = await vi.waitFor(lease, { timeout: 120_000, interval: 3_000 })
    expect(after.key).toEqual(before.key)
  })
})

describe('a standby over PostgreSQL', () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres?.stop())

  /** Two custodians on machines of their own, as far as their folders tell. */
  async function overPostgres(name: string) {
    const url = await postgres.database(name)
    const urlFile = join(temporaryFolder(), 'url')
    writeFileSync(urlFile, url, { mode: 0o600 })
    const registry = { kind: 'postgres', urlFile }
    return { url, ...(await activeAndStandby(registry, [temporaryFolder(), temporaryFolder()])) }
  }

  test('leases the same keys when the active custodian beside it is killed', async () => {
    const { active, standby, urls, connect } = await overPostgres('killed')
    const lease = await connect(urls)
    const before = await lease()
    active.child.kill('SIGKILL')
    await active.ended
    await hasTakenOver(standby)
    // A proxy that asked while nobody was there asks again by itself.
    const after = await vi.waitFor(lease, { timeout: 120_000, interval: 3_000 })
    expect(after.key).toEqual(before.key)
  })

  test('takes over from one that hangs; when that one wakes, it cannot log, so it leases nothing', async () => {
    const { url, active, standby, urls, connect } = await overPostgres('hung')
    const ofActive = await connect([urls[0]!])
    const before = await ofActive()
    active.child.kill('SIGSTOP')
    const database = new pg.Client({ connectionString: url })
    await database.connect()
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted`,
    )
    await hasTakenOver(standby)
    const logged = async () => (await database.query('select size from log_heads')).rows[0].size
    const size = await logged()
    const asked = ofActive().catch((error: unknown) => error)
    active.child.kill('SIGCONT')
    expect(await asked).toMatchObject({ name: 'NoLease' })
    expect(await active.ended).toBe(8)
    expect(await logged()).toBe(size)
    const ofStandby = await connect([urls[1]!])
    expect((await ofStandby()).key).toEqual(before.key)
    await database.end()
  })
})
