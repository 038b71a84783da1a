import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TRAILING_CHECKSUMS } from '../../src/objects/checksum.ts'
import { openDirectoryStore } from '../../src/store/directory/open.ts'
import { openS3Store, type S3Store, type StoreCredential } from '../../src/store/s3/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type Minio, startMinio } from '../minio.ts'
import { dataFolder } from '../places.ts'
import { type AccessKey, startVersitygw, type Versitygw } from '../versitygw.ts'

/** A store that the suites run against: directly, where it speaks S3 itself, and behind Treuhand. */
export interface Backend {
  /** Where it speaks S3, and users are made through an admin API; absent: nowhere, it is embedded. */
  readonly endpoint?: string
  readonly root: AccessKey
  /** Makes a user who may create buckets. */
  newUser(name: string): Promise<AccessKey>
  /** The store as one of its users sees it. */
  as(user: AccessKey): Store
  /** Empties it, without regard to policies and locks. */
  removeBuckets(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a backend over an empty folder for as long as it is used.
 * @param name `versitygw`, `directory`, or `minio=` and the path of its binary
 */
export async function withBackend<T>(name: string, use: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await startBackend(name)
  try {
    return await use(backend)
  } finally {
    await backend.stop()
  }
}

async function startBackend(name: string): Promise<Backend> {
  const [kind, program] = name.split('=')
  if (kind === 'minio' && program) return minio(program)
  if (name === 'versitygw') return versitygw()
  if (name === 'directory') return directory()
  throw new Error(`There is no backend ${name}: name versitygw, directory or minio=PATH.`)
}

async function versitygw(): Promise<Backend> {
  const server = await startVersitygw()
  const { root, folders } = server
  const store = await openBackend(server)
  return {
    endpoint: server.endpoint,
    root,
    async newUser(access) {
      const user = { access, secret: newSecret() }
      await server.addUser({ ...user, role: 'userplus' })
      return user
    },
    as: user => store.as(credentialOf(user)),
    async removeBuckets() {
      for (const folder of [folders.buckets, folders.versions])
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
    },
    async stop() {
      await store.close()
      await server.stop()
    },
  }
}

/** One account for all: minio makes users by an encrypted API of its own. */
async function minio(program: string): Promise<Backend> {
  const server = await startMinio(program)
  const store = await openBackend(server)
  const { endpoint, root } = server
  return {
    endpoint,
    root,
    newUser: async () => root,
    as: () => store,
    async removeBuckets() {
      throw new Error("Before minio versitygw's suite runs as a whole only.")
    },
    async stop() {
      await store.close()
      await server.stop()
    },
  }
}

const openBackend = ({ endpoint, region, root }: Versitygw | Minio): Promise<S3Store> =>
  openS3Store({
    endpoint: new URL(endpoint),
    region,
    addressing: 'path',
    credential: credentialOf(root),
    checksums: TRAILING_CHECKSUMS,
  })

const credentialOf = ({ access, secret }: AccessKey): StoreCredential => ({
  accessKeyId: access,
  secretAccessKey: secret,
})

/** The embedded store has one owner, whoever asks. */
async function directory(): Promise<Backend> {
  const folder = await dataFolder('directory')
  const store = await openDirectoryStore({ path: join(folder, 'store') })
  return {
    root: { access: 'ROOT', secret: newSecret() },
    newUser: async access => ({ access, secret: newSecret() }),
    as: () => store,
    async removeBuckets() {
      for (const { name } of await store.listBuckets()) await removeBucket(store, name)
    },
    async stop() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** What is locked in COMPLIANCE stays, as it must. */
async function removeBucket(store: Store, bucket: string): Promise<void> {
  const { versions, deleteMarkers } = await store.listVersions(bucket, { limit: 1000 })
  for (const { key, versionId } of [...versions, ...deleteMarkers]) {
    const at = { bucket, key, versionId }
    await store.putLegalHold(at, false).catch(() => {})
    await store.delete(at, { bypassGovernance: true }).catch(() => {})
  }
  await store.deleteBucket(bucket).catch(() => {})
}

const newSecret = () => randomBytes(20).toString('hex')
