import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import {
  type RunningCustodian,
  type ServeOptions,
  serveCustodian,
} from '../../../src/custody/server/serve.ts'
import type { CustodyRegistry } from '../../../src/registry/custody/registry.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { Officers, type Person, person } from '../../../tools/demo/people.ts'
import { temporaryFolder } from '../folder.ts'

export const ORIGIN = 'custodian.test/treuhand'

/** 2 of 3 officers of the trustee, and 1 of 2 delegates of the customer. */
export interface Cast {
  readonly anna: Person
  readonly ben: Person
  readonly cem: Person
  readonly dora: Person
  readonly emil: Person
}

export async function cast(): Promise<Cast> {
  return {
    anna: await person('anna', 'trustee'),
    ben: await person('ben', 'trustee'),
    cem: await person('cem', 'trustee'),
    dora: await person('dora', 'customer'),
    emil: await person('emil', 'customer'),
  }
}

export type AttendedOptions = Partial<Omit<ServeOptions, 'registry' | 'origin'>>

/** A custodian that only its holders unseal, over a registry that is given or a new one. */
export async function startAttended(
  options: AttendedOptions = {},
  registry?: CustodyRegistry,
): Promise<RunningCustodian> {
  const folder = options.folder ?? temporaryFolder()
  const over = registry ?? (await openSqliteRegistry(`${folder}/custody.db`))
  await over.activate()
  const loopback = { host: '127.0.0.1', port: 0 }
  const custodian = await serveCustodian({
    names: ['localhost'],
    proxies: loopback,
    officers: loopback,
    logger: pino({ level: 'silent' }),
    ...options,
    folder,
    registry: over,
    origin: ORIGIN,
  })
  let closed = false
  const close = async () => {
    if (!closed) await custodian.close()
    closed = true
  }
  onTestFinished(close)
  return { ...custodian, close }
}

/** Goes from nothing to an unsealed custodian: dealt, proven, unsealed. */
export async function ceremony(custodian: RunningCustodian, people: Cast): Promise<Officers> {
  const officers = new Officers(custodian.officers.port, ORIGIN)
  const all = Object.values(people) as Person[]
  await officers.ceremony(all, { trustee: 2, customer: 1 })
  for (const one of all) await officers.share('prove', one)
  await unsealBy(officers, people.anna, people.ben, people.dora)
  return officers
}

/** @returns the last one's answer */
export async function unsealBy(officers: Officers, ...people: readonly Person[]) {
  let answer = { status: 0, json: {} as Record<string, unknown> }
  for (const one of people) answer = await officers.share('unseal', one)
  return answer
}
