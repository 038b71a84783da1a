import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { tooMany } from '../limits.ts'
import { rotateKek } from '../rotate-kek.ts'
import type { TokenScope } from '../tokens.ts'
import type { App } from './app.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Tenant = Type.Object({ tenant: Name }, { additionalProperties: false })
const Bucket = Type.Object({ tenant: Name, bucket: Name }, { additionalProperties: false })

const HOUR = 3_600_000

/**
 * What scripts rotate: a tenant's KEK, the group key of a bucket.
 *
 * @param admit judges the token of a request, and gives its id
 */
export function rotationRoutes(
  app: App,
  custody: Custody,
  admit: (request: FastifyRequest, scopes: readonly TokenScope[]) => Promise<string>,
): void {
  const running = new Set<string>()
  /** Rotates once an hour, across restarts: `last` asks the registry when it was rotated before. */
  const onceAnHour = async <T>(
    what: string,
    last: () => Promise<number>,
    rotate: () => Promise<T>,
  ): Promise<T> => {
    if (running.has(what)) throw new CustodyError('Conflict', `A rotation of ${what} is under way.`)
    running.add(what)
    try {
      const since = custody.now() - (await last())
      if (since >= 0 && since < HOUR) throw tooMany(`rotations of ${what}`, HOUR - since)
      return await rotate()
    } finally {
      running.delete(what)
    }
  }

  app.post(
    '/v1/rotations/kek',
    {
      schema: {
        summary: "Gives a tenant a new KEK; an operator's or rotate token, once an hour",
        body: Tenant,
      },
    },
    async request => {
      const by = await admit(request, ['operator', 'rotate'])
      const { tenant } = request.body as Static<typeof Tenant>
      const { keks, log } = custody.opened(tenant)
      const last = async () => await keks.rotatedAt(tenant)
      return await onceAnHour(`tenant ${tenant}`, last, async () => {
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
        body: Bucket,
      },
    },
    async request => {
      const by = await admit(request, ['operator', 'rotate'])
      const { tenant, bucket } = request.body as Static<typeof Bucket>
      const { groupKeys, log } = custody.opened(tenant)
      if (!(await groupKeys.list(tenant)).some(key => key.bucket === bucket))
        throw new CustodyError('Unknown', `Tenant ${tenant} has no keys for a bucket ${bucket} yet.`)
      const last = async () => await groupKeys.advancedAt(tenant, bucket)
      return await onceAnHour(`bucket ${bucket} of ${tenant}`, last, async () => {
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
      await admit(request, ['operator', 'rotate', 'auditor'])
      const { tenant } = request.params as Static<typeof Tenant>
      return { epochs: await custody.opened(tenant).groupKeys.list(tenant) }
    },
  )
}
