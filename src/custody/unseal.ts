import type { Selectable } from 'kysely'
import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { SealTable } from '../registry/custody/schema.ts'
import { CustodyError } from './errors.ts'
import type { RootProvider, SealRecord } from './roots/root.ts'
import { testAesGcm, testWrappingKey } from './self-test.ts'
import { unwrap, type WrapContext, type WrappingKey, wrap } from './wrap.ts'

/** Bytes that everybody knows; wrapped by the root they tell whether a root is the right one. */
const CANARY = Buffer.from('treuhand: the root of this registry')

export interface Unsealed {
  /** 16 bytes that name this custodian; part of what every wrap is bound to. */
  readonly custodian: Uint8Array
  readonly root: WrappingKey
  /** What this root wrapped when it came into force: tells it from every other. */
  readonly canary: Uint8Array
}

/**
 * Opens the root of a registry, making it on the very first start, and proves that it is the right one.
 *
 * @throws CustodyError whatever is wrong with the root, in a sentence with its cure
 */
export async function unseal(
  registry: CustodyRegistry,
  provider: RootProvider,
  now: number,
): Promise<Unsealed> {
  await testAesGcm()
  const seal = await registry.database.selectFrom('seal').selectAll().executeTakeFirst()
  return seal ? await open(seal, provider) : await initialise(registry, provider, now)
}

async function open(seal: Selectable<SealTable>, provider: RootProvider): Promise<Unsealed> {
  if (seal.kind !== provider.kind) {
    throw new CustodyError(
      'SealMismatch',
      `The root of this registry is kept by ${seal.kind}, but ${provider.kind} is configured. ` +
        `Configure ${seal.kind} again.`,
    )
  }
  const root = await provider.open(JSON.parse(seal.record) as SealRecord)
  await testWrappingKey(root)
  const canary = await unwrap(root, seal.canary, canaryContext(seal.custodian)).catch(() => undefined)
  if (canary === undefined || !CANARY.equals(canary)) {
    throw new CustodyError(
      'RootKeyChanged',
      'The root key is not the one that this registry was made with, so none of its keys opens. ' +
        'Put back the root key and the registry that belong together.',
    )
  }
  return { custodian: seal.custodian, root, canary: seal.canary }
}

async function initialise(registry: CustodyRegistry, provider: RootProvider, now: number): Promise<Unsealed> {
  const { root, record } = await provider.create()
  await testWrappingKey(root)
  const custodian = crypto.getRandomValues(new Uint8Array(16))
  const canary = await makeCanary(root, custodian)
  const row = { kind: provider.kind, record: JSON.stringify(record), canary, created: now }
  await registry.write(transaction =>
    transaction
      .insertInto('seal')
      .values({ singleton: 1, custodian, ...row })
      .execute(),
  )
  return { custodian, root, canary }
}

export async function makeCanary(root: WrappingKey, custodian: Uint8Array): Promise<Uint8Array> {
  return await wrap(root, CANARY, canaryContext(custodian))
}

function canaryContext(custodian: Uint8Array): WrapContext {
  return ['treuhand/canary/v1', custodian]
}
