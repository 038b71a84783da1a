import type { LifecycleRule } from '../../lifecycle.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Ending } from '../transactions/lifecycle.ts'
import type { VersionRow } from '../transactions/versions.ts'
import { endsMarker, endsNoncurrent, endsUpload, expiryOf, readRules } from './rules.ts'

/** What one sweep ended. */
export interface Swept {
  /** Versions and delete markers that are gone, and objects that a delete marker covers now. */
  versions: number
  uploads: number
}

/** Rows read at once, and endings in one transaction: so that clients never wait long for either. */
const ROWS = 500
const ENDINGS = 100

/** Carries out the lifecycle rules of every bucket. Two sweeps at once do no harm: each ending is checked again. */
export async function sweepLifecycles(catalog: Catalog, now: number): Promise<Swept> {
  const buckets = catalog.read(sql => sql.all`SELECT id, lifecycle FROM bucket WHERE lifecycle IS NOT NULL`)
  const swept = { versions: 0, uploads: 0 }
  for (const { id, lifecycle } of buckets as { id: number; lifecycle: string }[]) {
    const rules = readRules(lifecycle).filter(rule => rule.enabled)
    swept.versions += await sweepVersions(catalog, id, rules, now)
    swept.uploads += await sweepUploads(catalog, id, rules, now)
  }
  return swept
}

async function sweepVersions(
  catalog: Catalog,
  bucket: number,
  rules: readonly LifecycleRule[],
  now: number,
): Promise<number> {
  let ended = 0
  let endings: Ending[] = []
  const judge = new Judge(rules, now)
  for (let rows = readRows(catalog, bucket); rows.length > 0; rows = readRows(catalog, bucket, rows.at(-1))) {
    for (const row of rows) {
      const ending = judge.ending(row)
      if (ending) endings.push(ending)
      if (endings.length < ENDINGS) continue
      ended += await catalog.change('endVersions', { endings, now })
      endings = []
    }
  }
  return ended + (await catalog.change('endVersions', { endings, now }))
}

/** The next versions of a bucket, by key and newest first. */
function readRows(catalog: Catalog, bucket: number, last?: VersionRow): VersionRow[] {
  return catalog.read(sql => {
    const older = last
      ? sql.all`SELECT * FROM version INDEXED BY version_order
          WHERE bucket = ${bucket} AND key = ${last.key} AND id < ${last.id} ORDER BY id DESC LIMIT ${ROWS}`
      : []
    const behind = sql.all`SELECT * FROM version INDEXED BY version_order
      WHERE bucket = ${bucket} AND key > ${last?.key ?? new Uint8Array()} ORDER BY key, id DESC LIMIT ${ROWS - older.length}`
    return [...older, ...behind] as unknown as VersionRow[]
  })
}

/** Judges versions as they come in order: a version became noncurrent when the one before it was made. */
class Judge {
  readonly #rules: readonly LifecycleRule[]
  readonly #now: number
  #previous: VersionRow | undefined
  #noncurrent = 0

  constructor(rules: readonly LifecycleRule[], now: number) {
    this.#rules = rules
    this.#now = now
  }

  ending(row: VersionRow): Ending | undefined {
    const previous = this.#previous
    this.#previous = row
    if (previous === undefined || Buffer.compare(previous.key, row.key) !== 0) {
      this.#noncurrent = 0
      return this.#endingOfCurrent(row)
    }
    const newer = this.#noncurrent++
    const ends = endsNoncurrent(this.#rules, row, previous.modified, newer, this.#now)
    return ends ? { id: row.id, as: 'noncurrent' } : undefined
  }

  #endingOfCurrent(row: VersionRow): Ending | undefined {
    if (row.marker)
      return endsMarker(this.#rules, row, this.#now) ? { id: row.id, as: 'lone marker' } : undefined
    const expiry = expiryOf(this.#rules, row)
    return expiry && expiry.time <= this.#now ? { id: row.id, as: 'current' } : undefined
  }
}

async function sweepUploads(
  catalog: Catalog,
  bucket: number,
  rules: readonly LifecycleRule[],
  now: number,
): Promise<number> {
  const rows = catalog.read(sql => sql.all`SELECT id, key, initiated FROM upload WHERE bucket = ${bucket}`)
  const uploads = (rows as unknown as { id: number; key: Uint8Array; initiated: number }[])
    .filter(upload => endsUpload(rules, upload, now))
    .map(({ id }) => id)
  for (const id of uploads) await catalog.change('endUpload', { id })
  return uploads.length
}
