import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedCustodian } from '../../src/custody/embedded.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import type { AccessKey as FrontKey, Grant } from '../../src/front/s3/access.ts'
import { s3Front } from '../../src/front/s3/front.ts'
import { GroupKeys } from '../../src/keys/group-keys.ts'
import { BucketNames } from '../../src/objects/bucket-names.ts'
import { Objects } from '../../src/objects/objects.ts'
import { S3_LIMITS } from '../../src/objects/room.ts'
import { TailCache } from '../../src/objects/tail-cache.ts'
import { openPathRegistry } from '../../src/registry/path/registry.ts'
import { chooseEngine } from '../../src/seal/engines.ts'
import type { Handler } from '../../src/wire/exchange.ts'
import { SegmentMemory } from '../../src/wire/segment-memory.ts'
import { serve } from '../../src/wire/server.ts'
import { collect } from '../../src/wire/sinks.ts'
import type { AccessKey } from '../versitygw.ts'
import type { Backend } from './backends.ts'

const EVERYTHING: readonly Grant[] = [
  { buckets: ['*'], actions: ['read', 'write', 'delete', 'list', 'configure', 'manage'] },
]

/**
 * Treuhand before a backend, as the suites need it: each user of the store is an access key here too, with the
 * store credential of the same name; and the admin API, which is no S3, is passed on to the store.
 * @param known users besides the root
 */
export async function startFront(
  backend: Backend,
  known: readonly AccessKey[] = [],
): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-conformance-'))
  const { engine } = chooseEngine('auto')
  const registry = await openPathRegistry({ file: join(folder, 'path.sqlite'), key: randomBytes(32) })
  const custodian = await openEmbeddedCustodian({
    registry: join(folder, 'custody.sqlite'),
    root: fileRoot(join(folder, 'root.key')),
  })
  const keys = new GroupKeys(custodian, engine)
  const users = new Map([backend.root, ...known].map(({ access, secret }) => [access, secret]))
  const room = {
    keys,
    registry,
    engine,
    memory: new SegmentMemory(64 * 2 ** 20),
    tails: new TailCache(),
    limits: S3_LIMITS,
    buckets: new BucketNames(),
    alarm: () => {},
    random: randomBytes,
    now: Date.now,
    purpose: { action: 'Test' },
  }
  const front = s3Front({
    objectsFor: ({ storeCredential: access = backend.root.access }) =>
      new Objects({ ...room, store: backend.as({ access, secret: users.get(access) ?? '' }) }),
    accessKeys: {
      find: id => {
        const secret = users.get(id)
        return secret === undefined ? undefined : accessKey(id, secret)
      },
    },
    cors: registry.bucketCors(),
    region: 'us-east-1',
    baseDomains: [],
    announceEncryption: false,
    log: event => {
      if (event.event === 'defect') console.error(event.error)
    },
  })
  const handler: Handler = (request, reply) =>
    request.method === 'PATCH'
      ? administer(backend.endpoint, users, request, reply)
      : front.handler(request, reply)
  const server = await serve({ listen: { host: '127.0.0.1', port: 0 }, handler, refuse: front.refuse })
  return {
    endpoint: `http://127.0.0.1:${server.address.port}`,
    async stop() {
      await server.close(0)
      await keys.close()
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

const accessKey = (id: string, secret: string): FrontKey => ({
  id,
  secret,
  tenant: 'conformance',
  grants: EVERYTHING,
  storeCredential: id,
})

/**
 * Passes an admin request on as it is, and learns of the users that it makes, changes and deletes. A store without an
 * endpoint has no users of its own: there the access keys are all of them.
 */
async function administer(
  store: string | undefined,
  users: Map<string, string>,
  ...[request, reply]: Parameters<Handler>
): Promise<void> {
  const { body: asked, target } = request
  if (asked.length === undefined) throw new Error('an admin request came in chunks')
  const sent = await collect(asked)
  const { status, body } =
    store === undefined ? { status: 200, body: NOTHING } : await passOn(store, request, sent)
  if (status < 300) learn(users, target, sent.toString('utf8'))
  await reply.send(status, [], body)
}

const NOTHING = new Uint8Array(0)

function learn(users: Map<string, string>, target: string, text: string): void {
  const value = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const access = value('Access')
  const secret = value('Secret')
  const changed = new URLSearchParams(target.split('?')[1]).get('access')
  if (target.startsWith('/create-user') && access && secret) users.set(access, secret)
  if (target.startsWith('/update-user') && changed && secret) users.set(changed, secret)
  if (target.startsWith('/delete-user') && changed) users.delete(changed)
}

function passOn(
  store: string,
  request: Parameters<Handler>[0],
  body: Buffer,
): Promise<{ status: number; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Buffer }>()
  const { hostname, port } = new URL(store)
  // The Host stays as it was signed.
  const headers = request.headers.pairs.filter(([name]) => name !== 'connection').flat()
  const out = ask({ hostname, port, method: request.method, path: request.target, headers }, answer => {
    const pieces: Buffer[] = []
    answer.on('data', piece => pieces.push(piece))
    answer.on('end', () => resolve({ status: answer.statusCode ?? 500, body: Buffer.concat(pieces) }))
    answer.on('error', reject)
  })
  out.on('error', reject)
  out.end(body)
  return promise
}
