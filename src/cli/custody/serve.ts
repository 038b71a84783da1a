import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { readVerifierKey } from '../../custody/log/note.ts'
import { witnessClient } from '../../custody/log/witness-client.ts'
import { SealOffers } from '../../custody/seals/offers.ts'
import { type ServeOptions, serveCustodian } from '../../custody/server/serve.ts'
import { type Standby, serveStandby } from '../../custody/server/standby.ts'
import type { Unsealed } from '../../custody/unseal.ts'
import { readCustodianConfig } from './config.ts'
import { openRegistry } from './open-registry.ts'
import { offerOf } from './seal-offer.ts'

interface ServeFlags {
  readonly config: string
}

/**
 * `treuhand custodian serve`: runs a custodian until it is told to stop. A second one over the same registry waits
 * as a standby until the first is gone; deposed, it ends, so that whoever supervises it starts it again as a standby.
 */
export async function serve({ config: file }: ServeFlags): Promise<void> {
  const config = readCustodianConfig(file)
  const { origin, data, names, proxies, officers, seal, nextSeal, witness, console, backup } = config
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const logger = pino({ messageKey: 'event', base: null }, pino.destination(2))
  const registry = await openRegistry(config)
  const options = {
    registry,
    folder: data,
    names,
    origin,
    proxies,
    officers,
    logger,
    seals: new SealOffers([seal, ...(nextSeal ? [nextSeal] : [])].map(offerOf)),
    ...(console && { console: { id: new URL(console).hostname, origin: new URL(console).origin } }),
    ...(backup && { backup: { ...backup, recipient: Buffer.from(backup.recipient, 'base64url') } }),
    ...(witness && { witness: witnessClient({ url: witness.url, verifier: readVerifierKey(witness.key) }) }),
  }
  const root = await becomeActive(options)
  const custodian = await serveCustodian({ ...options, ...(root && { root }) })
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

/**
 * Waits, as a standby, until no other custodian is active over the registry.
 *
 * @returns the root, where the standby's holders brought their shares meanwhile
 */
async function becomeActive(
  options: ServeOptions & { readonly seals: SealOffers },
): Promise<Unsealed | undefined> {
  let standby: Promise<Standby> | undefined
  await options.registry.activate(() => {
    standby = serveStandby(options, options.seals)
    void standby.then(({ officers }) =>
      options.logger.info({ officers: officers.port }, 'custodian.waits-to-be-active'),
    )
  })
  const waited = await standby
  await waited?.close()
  return waited?.unsealed()
}
