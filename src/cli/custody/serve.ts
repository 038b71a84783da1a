import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { readVerifierKey } from '../../custody/log/note.ts'
import { witnessClient } from '../../custody/log/witness-client.ts'
import { serveCustodian } from '../../custody/server/serve.ts'
import { readCustodianConfig } from './config.ts'
import { openRegistry } from './open-registry.ts'
import { offerOf } from './seal-offer.ts'

interface ServeFlags {
  readonly config: string
}

/**
 * `treuhand custodian serve`: runs a custodian until it is told to stop. Over PostgreSQL a second one waits
 * until it is the active one; deposed, it ends, so that whoever supervises it starts it again as a standby.
 */
export async function serve({ config: file }: ServeFlags): Promise<void> {
  const config = readCustodianConfig(file)
  const { origin, data, names, proxies, officers, seal, nextSeal, witness, console, backup } = config
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const logger = pino({ messageKey: 'event', base: null }, pino.destination(2))
  const registry = await openRegistry(config)
  logger.info('custodian.waits-to-be-active')
  await registry.activate()
  const custodian = await serveCustodian({
    registry,
    folder: data,
    names,
    origin,
    proxies,
    officers,
    logger,
    seals: [seal, ...(nextSeal ? [nextSeal] : [])].map(offerOf),
    ...(console && { console: { id: new URL(console).hostname, origin: new URL(console).origin } }),
    ...(backup && { backup: { ...backup, recipient: Buffer.from(backup.recipient, 'base64url') } }),
    ...(witness && { witness: witnessClient({ url: witness.url, verifier: readVerifierKey(witness.key) }) }),
  })
  const where = { proxies: custodian.proxies.port, officers: custodian.officers.port }
  logger.info({ ...where, state: custodian.custody.state }, 'custodian.serves')
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    registry.onDeposed(() => {
      logger.warn('custodian.deposed')
      process.exitCode = 8
      resolve()
    })
  })
  await custodian.close()
}
