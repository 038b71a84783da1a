import { type Static, Type } from 'typebox'
import { makeBackup } from '../backup/backup.ts'
import type { BackupTarget } from '../backup/target.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { PersonRequests } from '../signed-request.ts'
import { admitToken } from '../tokens.ts'
import { type App, bearer } from './app.ts'

const closed = { additionalProperties: false } as const
const Order = Type.Union([
  Type.Object(
    { document: Type.String({ maxLength: 16_384 }), signature: Type.String({ maxLength: 8192 }) },
    closed,
  ),
  Type.Object({}, closed),
])

/** Backups: by a script with its token, or at the word of one officer or delegate, who signs a request. */
export function backupRoutes(app: App, custody: Custody, target: BackupTarget | undefined): void {
  const requests = new PersonRequests(custody)

  app.post(
    '/v1/backups',
    { schema: { summary: 'Makes a backup now', body: Order } },
    async (request, reply) => {
      const order = request.body as Static<typeof Order>
      const address = request.raw.socket.remoteAddress ?? ''
      const by =
        'document' in order
          ? await person(order)
          : await admitToken(custody, bearer(request), address, ['operator'])
      const { file, manifest } = await makeBackup(custody, target, by)
      return await reply.status(201).send({ file, ...manifest })
    },
  )

  async function person({ document, signature }: { document: string; signature: string }): Promise<string> {
    const { act, by } = await requests.take(document, signature)
    if (act === 'backup') return by
    throw new CustodyError('Malformed', `There is no request ${act} here.`)
  }
}
