import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from './places.ts'
import { freePort, startServer } from './server.ts'

/** An OpenBao or Vault with a transit engine at `transit`. */
export interface Transit {
  /** `http://127.0.0.1:port` */
  readonly address: string
  /** File of a token that may encrypt and decrypt by the keys of the engine, and nothing else. */
  readonly tokenFile: string
  /** Makes a key of the engine, of type aes256-gcm96 by default. */
  makeKey(name: string, type?: string): Promise<void>
  /** A call by its root token. @param path behind `/v1/` */
  call(path: string, body?: object): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

const POLICY = 'path "transit/+/*" { capabilities = ["update"] }'

/**
 * Starts OpenBao or Vault in its development mode, in memory, on a port of the loopback interface. Nothing installs it:
 * the caller brings the binary.
 *
 * @param program path of the binary
 */
export async function startTransit(program: string): Promise<Transit> {
  const folder = await dataFolder('transit')
  const where = `127.0.0.1:${await freePort()}`
  const address = `http://${where}`
  const root = randomUUID()
  // OpenBao and Vault each read their own name; HOME, as the development mode writes its token there.
  const token = { BAO_DEV_ROOT_TOKEN_ID: root, VAULT_DEV_ROOT_TOKEN_ID: root }
  const server = await startServer({
    program,
    args: ['server', '-dev', `-dev-listen-address=${where}`],
    env: { ...process.env, ...token, HOME: folder },
    health: `${address}/v1/sys/health`,
  })
  const call = async (path: string, body: object = {}) => {
    const answer = await fetch(`${address}/v1/${path}`, {
      method: 'POST',
      headers: { 'x-vault-token': root },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`)
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  }
  await call('sys/mounts/transit', { type: 'transit' })
  await call('sys/policies/acl/custodian', { policy: POLICY })
  const { auth } = await call('auth/token/create', { policies: ['custodian'], no_default_policy: true })
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, (auth as { client_token: string }).client_token, { mode: 0o600 })
  return {
    address,
    tokenFile,
    call,
    async makeKey(name, type = 'aes256-gcm96') {
      await call(`transit/keys/${name}`, { type })
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
