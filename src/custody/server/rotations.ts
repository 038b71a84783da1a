import { type Static, Type } from 'typebox'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { tooMany } from '../limits.ts'
import { rotateKek } from '../rotate-kek.ts'
import type { App } from './app.ts'
import type { Askers } from './asker.ts'
import { DryRun, wouldBe } from './dry-run.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const closed = { additionalProperties: false } as const
const Tenant = Type.Object({ tenant: Name }, closed)
const KekRotation = Type.Object({ tenant: Name, dryRun: DryRun }, closed)
const EpochRotation = Type.Object({ tenant: Name, bucket: Name, dryRun: DryRun }, closed)

const HOUR = 3_600_000

/** What scripts rotate: a tenant's KEK, the group key of a bucket. */
export function rotationRoutes(app: App, custody: Custody, askers: Askers): void {
  const running = new Set<string>()
  /** Once an hour, across restarts: `last` is when the registry says that it was rotated before. */
  const assertDue = (what: string, last: number) => {
    const since = custody.now() - last
    if (since >= 0 && since < HOUR) throw tooMany(`rotations of ${what}`, HOUR - since)
  }
  /** Whoever comes while it is rotated must not come too. */
  const alone = async <T>(what: string, rotate: () => Promise<T>): Promise<T> => {
    if (running.has(what)) throw new CustodyError('Conflict', `A rotation of ${what} is under way.`)
    running.add(what)
    return await rotate().finally(() => running.delete(what))
  }

  app.post(
    '/v1/rotations/kek',
    {
      schema: {
        summary: "Gives a tenant a new KEK; an operator's or rotate token, once an hour",
        body: KekRotation,
      },
    },
    async request => {
      const by = await askers.admitToken(request, ['operator', 'rotate'])
      const { tenant, dryRun } = request.body as Static<typeof KekRotation>
      const { keks, groupKeys, log } = custody.opened(tenant)
      const what = `tenant ${tenant}`
      return await alone(what, async () => {
        assertDue(what, await keks.rotatedAt(tenant))
        if (dryRun) {
          const held = await groupKeys.held(tenant, ['*'], ['*'])
          return wouldBe(`A new KEK would wrap ${held.length} group keys of ${tenant}.`)
        }
        const rotation = await rotateKek(custody.registry, keks, tenant, custody.now())
        await log.append({
          type: 'rotation',
          at: custody.now(),
          body: { ...rotation, destroyed: [...rotation.destroyed], tenant, by },
        })
        return rotation
      })
    },
  )

  app.post(
    '/v1/rotations/epoch',
    {
      schema: {
        summary:
          "Gives a bucket a new group key within the month; an operator's or rotate token, once an hour",
        body: EpochRotation,
      },
    },
    async request => {
      const by = await askers.admitToken(request, ['operator', 'rotate'])
      const { tenant, bucket, dryRun } = request.body as Static<typeof EpochRotation>
      const { groupKeys, log } = custody.opened(tenant)
      if (!(await groupKeys.list(tenant)).some(key => key.bucket === bucket))
        throw new CustodyError('Unknown', `Tenant ${tenant} has no keys for a bucket ${bucket} yet.`)
      const what = `bucket ${bucket} of ${tenant}`
      return await alone(what, async () => {
        assertDue(what, await groupKeys.advancedAt(tenant, bucket))
        if (dryRun) return wouldBe(`Bucket ${bucket} of ${tenant} would get a new group key.`)
        await log.append({ type: 'rotation', at: custody.now(), body: { tenant, bucket, by } })
        const epoch = await groupKeys.advance(tenant, bucket, custody.now())
        if (epoch === undefined)
          throw new CustodyError('Conflict', `Bucket ${bucket} has had as many keys this month as it may.`)
        return { epoch }
      })
    },
  )

  app.get(
    '/v1/epochs/:tenant',
    { schema: { summary: "A tenant's group keys and their states; any token", params: Tenant } },
    async request => {
      await askers.admitToken(request, ['operator', 'rotate', 'auditor'])
      const { tenant } = request.params as Static<typeof Tenant>
      return { epochs: await custody.opened(tenant).groupKeys.list(tenant) }
    },
  )
}
