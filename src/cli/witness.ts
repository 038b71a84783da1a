import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readVerifierKey, type Signer, signer, verifierKey } from '../custody/log/note.ts'
import { Witness } from '../custody/log/witness.ts'
import { serveWitness, witnessFiles } from '../custody/log/witness-server.ts'
import { CannotStart } from './cannot-start.ts'
import { readSecretFile, writeSecretFile } from './files.ts'
import { openLog } from './log.ts'

interface WitnessFlags {
  readonly name: string
  readonly data: string
  readonly logs: readonly string[]
  readonly host: string
  readonly port: number
  readonly tlsKey?: string
  readonly tlsCertificate?: string
}

const LOOK_EVERY = 60_000
const SEED = 32

/** `treuhand witness`: runs until it is told to stop. */
export async function runWitness(flags: WitnessFlags): Promise<void> {
  const log = openLog('info')
  const key = ownKey(flags.data, flags.name)
  const witness = new Witness({
    signer: key,
    logs: flags.logs.map(readVerifierKey),
    store: witnessFiles(join(flags.data, 'heads')),
    now: Date.now,
    onFork: ({ origin, held, offered }) => log.error('witness.fork', { origin, held, offered }),
  })
  const server = serveWitness(witness, tlsOf(flags)).listen(flags.port, flags.host)
  await once(server, 'listening')
  const look = setInterval(() => {
    for (const origin of witness.silentLogs()) log.warn('witness.silent', { origin })
  }, LOOK_EVERY)
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${verifierKey(key)}\nlistening on ${flags.host} port ${port}\n`)
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  clearInterval(look)
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}

/** The witness's key, made at its first start. */
function ownKey(folder: string, name: string): Signer {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'witness.key')
  const seed = readSecretFile(path) ?? randomBytes(SEED)
  if (seed.length !== SEED)
    throw new CannotStart(`${path} is no witness key: it has ${seed.length} bytes, not ${SEED}.`)
  const key = signer(name, 0x04, seed)
  if (readSecretFile(path) === undefined) writeSecretFile(path, seed)
  seed.fill(0)
  return key
}

function tlsOf({ tlsKey, tlsCertificate }: WitnessFlags) {
  if (tlsKey === undefined && tlsCertificate === undefined) return undefined
  if (tlsKey === undefined || tlsCertificate === undefined)
    throw new CannotStart('TLS takes a key and a certificate: give --tls-key and --tls-certificate.', 2)
  return { key: readFileSync(tlsKey), cert: readFileSync(tlsCertificate) }
}
