import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dataFolder } from './places.ts'
import { freePort, type Server, startServer } from './server.ts'
import type { AccessKey } from './versitygw.ts'

export interface Minio extends Server {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string
  readonly region: 'us-east-1'
  readonly root: AccessKey
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

/**
 * Starts minio over an empty folder, on a port of the loopback interface. It builds from the Go module proxy, but
 * for half an hour, so that the caller brings the binary:
 * `go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c`.
 * @param program path of the binary
 */
export async function startMinio(program: string): Promise<Minio> {
  const folder = await dataFolder('minio')
  const root = { access: 'ROOT', secret: randomBytes(20).toString('hex') }
  const address = `127.0.0.1:${await freePort()}`
  const endpoint = `http://${address}`
  const server = await startServer({
    program,
    args: [
      'server',
      '--quiet',
      '--address',
      address,
      '--console-address',
      `127.0.0.1:${await freePort()}`,
      folder,
    ],
    env: {
      ...process.env,
      MINIO_ROOT_USER: root.access,
      MINIO_ROOT_PASSWORD: root.secret,
      // Without a key of its own it refuses SSE-S3 and SSE-KMS.
      MINIO_KMS_SECRET_KEY: `suite:${randomBytes(32).toString('base64')}`,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    health: `${endpoint}/minio/health/live`,
  })
  return {
    ...server,
    endpoint,
    region: 'us-east-1',
    root,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
