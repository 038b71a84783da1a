import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { assertWritable, makeBackup } from '../backup/backup.ts'
import type { BackupTarget } from '../backup/target.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { PersonRequests } from '../signed-request.ts'
import { admitToken } from '../tokens.ts'
import { type App, bearer } from './app.ts'
import { DryRun, wouldBe } from './dry-run.ts'

const closed = { additionalProperties: false } as const
const Order = Type.Object(
  {
    document: Type.Optional(Type.String({ maxLength: 16_384 })),
    signature: Type.Optional(Type.String({ maxLength: 8192 })),
    dryRun: DryRun,
  },
  closed,
)

/** Backups: by a script with its token, or at the word of one officer or delegate, who signs a request. */
export function backupRoutes(app: App, custody: Custody, target: BackupTarget | undefined): void {
  const requests = new PersonRequests(custody)

  app.post(
    '/v1/backups',
    { schema: { summary: 'Makes a backup now', body: Order } },
    async (request, reply) => {
      const order = request.body as Static<typeof Order>
      const { by, dryRun } =
        order.document === undefined
          ? await script(request, order.dryRun)
          : await person(order.document, order.signature ?? '')
      if (dryRun) {
        const { size } = custody.opened().log.head
        await assertWritable(target)
        return wouldBe(`A backup of the registry with the log's ${size} entries would be written.`)
      }
      const { file, manifest } = await makeBackup(custody, target, by)
      return await reply.status(201).send({ file, ...manifest })
    },
  )

  async function script(request: FastifyRequest, dryRun = false) {
    const address = request.raw.socket.remoteAddress ?? ''
    return { by: await admitToken(custody, bearer(request), address, ['operator']), dryRun }
  }

  async function person(document: string, signature: string) {
    const { act, by, dryRun } = await requests.takeOrTry(document, signature)
    if (act === 'backup') return { by, dryRun }
    throw new CustodyError('Malformed', `There is no request ${act} here.`)
  }
}
