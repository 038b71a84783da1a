import type { AccessKey } from '../../versitygw.ts'
import { type Backend, withBackend } from '../backends.ts'
import { startFront } from '../front.ts'
import type { Results, Run } from '../results.ts'
import { runS3Tests, USERS, type Users } from './run.ts'

export interface S3TestsSuite {
  readonly checkout: string
  readonly backend: string
  readonly only: string | undefined
}

/** Ceph's s3-tests, directly against the backend where that speaks S3, and through Treuhand before it. */
export async function s3TestsSuite({ backend: name, checkout, only }: S3TestsSuite): Promise<Run> {
  const run = (endpoint: string, users: Users, root: AccessKey & { readonly endpoint: string }) =>
    runS3Tests({ checkout, endpoint, users, root, only })

  const direct = await withBackend(name, async (backend): Promise<Results | undefined> => {
    const { endpoint, root } = backend
    return endpoint === undefined ? undefined : run(endpoint, await newUsers(backend), { ...root, endpoint })
  })
  const through = await withBackend(name, async backend => {
    const users = await newUsers(backend)
    const front = await startFront(backend, Object.values(users))
    try {
      const { root, endpoint = front.endpoint } = backend
      return await run(front.endpoint, users, { ...root, endpoint })
    } finally {
      await front.stop()
    }
  })
  return { ...(direct && { direct }), through }
}

async function newUsers(backend: Backend): Promise<Users> {
  const users: [string, AccessKey][] = []
  for (const name of USERS) users.push([name, await backend.newUser(name)])
  return Object.fromEntries(users) as Users
}
