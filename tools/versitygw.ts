import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { goProgram } from './go.ts'
import { dataFolder } from './places.ts'
import { freePort, type Server, startServer } from './server.ts'

/** The real S3 store of the suites: a gateway over a folder, with versioning, locks, policies and users. */
export const VERSITYGW = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw',
  command: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
} as const

export interface AccessKey {
  readonly access: string
  readonly secret: string
}
export interface User extends AccessKey {
  /** `userplus` may create buckets; `user` may not. */
  readonly role: 'admin' | 'user' | 'userplus'
}

export interface Versitygw extends Server {
  /** `http://127.0.0.1:port`, where S3 and the admin API answer. */
  readonly endpoint: string
  readonly region: 'us-east-1'
  readonly root: AccessKey
  /** What the store holds: objects below `buckets`, older versions below `versions`. */
  readonly folders: { readonly buckets: string; readonly versions: string }
  addUser(user: User): Promise<void>
  /** Ends the server and removes its folders. */
  stop(): Promise<void>
}

/** Starts versitygw over an empty folder, on a port of the loopback interface. */
export async function startVersitygw({ users = [] }: { users?: readonly User[] } = {}): Promise<Versitygw> {
  const program = await goProgram(VERSITYGW)
  const data = await dataFolder('versitygw')
  const folders = { buckets: join(data, 'buckets'), versions: join(data, 'versions') }
  const accounts = join(data, 'accounts')
  for (const folder of [folders.buckets, folders.versions, accounts]) await mkdir(folder)
  const root = { access: 'ROOT', secret: randomBytes(20).toString('hex') }
  const address = `127.0.0.1:${await freePort()}`
  const endpoint = `http://${address}`
  const env = { ...withoutCaBundle(), ROOT_ACCESS_KEY_ID: root.access, ROOT_SECRET_ACCESS_KEY: root.secret }

  const server = await startServer({
    program,
    // Without --iam-cache-disable a new user is unknown for up to two minutes; without --keep-alive every
    // answer closes its connection.
    args: [
      ...['--port', address, '--region', 'us-east-1', '--health', '/health', '--quiet', '--keep-alive'],
      ...['--iam-dir', accounts, '--iam-cache-disable'],
      ...['posix', '--versioning-dir', folders.versions, folders.buckets],
    ],
    env,
    health: `${endpoint}/health`,
  })
  const admin = ['admin', '-a', root.access, '-s', root.secret, '-er', endpoint]
  const addUser = async ({ access, secret, role }: User) => {
    await promisify(execFile)(program, [...admin, 'create-user', '-a', access, '-s', secret, '-r', role], {
      env,
    })
  }
  for (const user of users) await addUser(user)
  return {
    ...server,
    endpoint,
    region: 'us-east-1',
    root,
    folders,
    addUser,
    stop: async () => {
      await server.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** Go's AWS client refuses to start with its own HTTP transport where AWS_CA_BUNDLE is set. */
function withoutCaBundle(): NodeJS.ProcessEnv {
  const { AWS_CA_BUNDLE: _, ...env } = process.env
  return env
}
