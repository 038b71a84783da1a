import { S3Client } from '@aws-sdk/client-s3'
import type { AccessKey, Escort, Identity, KeyScope, KnownKey } from '../../../src/front/s3/access.ts'
import { signingKey } from '../../../src/front/s3/auth/signature.ts'
import { type FrontEvent, type S3FrontOptions, s3Front } from '../../../src/front/s3/front.ts'
import type { BucketNames } from '../../../src/objects/bucket-names.ts'
import { Objects } from '../../../src/objects/objects.ts'
import type { Store } from '../../../src/store/store.ts'
import { serve } from '../../../src/wire/server.ts'
import { openRoom } from '../../objects/harness.ts'

export interface TestServer {
  readonly endpoint: string
  readonly port: number
  readonly key: AccessKey
  /** May do everything in all buckets. */
  readonly client: S3Client
  /** A client with the access key of these grants, under an escort where one is given. */
  clientOf(id: string, grants: AccessKey['grants'], escort?: Escort): S3Client
  /** What stands behind the front. */
  readonly store: Store
  /** What the front logged since the last look. */
  events(): FrontEvent[]
  close(): Promise<void>
}

export interface TestServerOptions
  extends Partial<Pick<S3FrontOptions, 'region' | 'baseDomains' | 'announceEncryption' | 'patience'>> {
  readonly anonymous?: Identity
  readonly buckets?: BucketNames
}

/** The front as it is in production: real sockets, real objects, the embedded store. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { room, close } = await openRoom()
  const objects = new Objects({ ...room, ...(options.buckets && { buckets: options.buckets }) })
  const keys = new Map<string, AccessKey>()
  const key: AccessKey = {
    id: 'AKIDMAIN',
    secret: 'main-secret',
    tenant: 'acme',
    grants: [{ buckets: ['*'], actions: ['read', 'write', 'delete', 'list', 'configure', 'manage'] }],
  }
  keys.set(key.id, key)
  const events: FrontEvent[] = []
  const front = s3Front({
    objectsFor: () => objects,
    accessKeys: { find: (id, scope) => known(keys.get(id), scope) },
    cors: room.registry.bucketCors(),
    region: options.region ?? 'us-east-1',
    baseDomains: options.baseDomains ?? [],
    announceEncryption: options.announceEncryption ?? true,
    ...(options.patience !== undefined && { patience: options.patience }),
    ...(options.anonymous && { anonymous: options.anonymous }),
    log: event => events.push(event),
  })
  const server = await serve({ listen: { host: '127.0.0.1', port: 0 }, ...front })
  const endpoint = `http://127.0.0.1:${server.address.port}`
  const clients: S3Client[] = []
  const clientWith = (id: string, secret: string) => {
    const client = new S3Client({
      endpoint,
      region: options.region ?? 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: id, secretAccessKey: secret },
      maxAttempts: 1,
    })
    clients.push(client)
    return client
  }
  return {
    endpoint,
    port: server.address.port,
    key,
    client: clientWith(key.id, key.secret),
    clientOf(id, grants, escort) {
      const its = { id, secret: `${id}-secret`, tenant: key.tenant, grants, ...(escort && { escort }) }
      keys.set(id, its)
      return clientWith(id, its.secret)
    },
    store: room.store,
    events: () => events.splice(0),
    async close() {
      for (const client of clients) client.destroy()
      await server.close(0)
      await close()
    },
  }
}

/** Under an escort the front has no secret, but what was derived from it. */
function known(key: AccessKey | undefined, scope: KeyScope): KnownKey | undefined {
  if (!key?.escort) return key
  const { secret, escort, ...about } = key
  return {
    ...about,
    escort,
    signingKey: signingKey(secret, { ...scope, accessKeyId: key.id, service: 's3' }),
  }
}
