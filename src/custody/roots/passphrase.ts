import { argon2 } from 'node:crypto'
import { promisify } from 'node:util'
import { CustodyError } from '../errors.ts'
import { unwrap, type WrapContext, type WrappingKey, wrap, wrappingKey } from '../wrap.ts'
import { hex, type RootProvider, recordBroken, recordBytes, type SealRecord } from './root.ts'

/** Memory in KiB, passes over it, lanes. */
interface Cost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** RFC 9106, section 4, second recommended choice. */
const COST: Cost = { memory: 64 * 1024, passes: 3, parallelism: 4 }
/** A record is read from a database: it must neither exhaust the machine nor ask for next to no work. */
const LEAST: Cost = { memory: 19 * 1024, passes: 1, parallelism: 1 }
const MOST: Cost = { memory: 1024 * 1024, passes: 16, parallelism: 16 }
const LEAST_CHARACTERS = 12

/**
 * The root, random, wrapped by a key from a passphrase (Argon2id, RFC 9106). For development and for a
 * single person: whoever has the registry can guess at the passphrase for as long as they like.
 *
 * @param ask brings the passphrase from a terminal or a file; never from arguments or the environment
 */
export function passphraseRoot(ask: () => Promise<string>): RootProvider {
  return {
    kind: 'passphrase',
    async create() {
      const passphrase = (await ask()).normalize('NFC')
      if ([...passphrase].length < LEAST_CHARACTERS) {
        throw new CustodyError(
          'WeakPassphrase',
          `Choose a passphrase of at least ${LEAST_CHARACTERS} characters.`,
        )
      }
      const salt = crypto.getRandomValues(new Uint8Array(16))
      const root = crypto.getRandomValues(new Uint8Array(32))
      const wrapped = await wrap(await derive(passphrase, salt, COST), root, context(salt, COST))
      const record = { ...COST, salt: hex(salt), wrapped: hex(wrapped) }
      return { root: await wrappingKey(root), record }
    },
    async open(record) {
      const { cost, salt, wrapped } = parse(record)
      const by = await derive((await ask()).normalize('NFC'), salt, cost)
      const root = await unwrap(by, wrapped, context(salt, cost)).catch(() => {
        throw new CustodyError('WrongPassphrase', 'The passphrase is wrong. Type it again.')
      })
      return await wrappingKey(root)
    },
  }
}

async function derive(passphrase: string, salt: Uint8Array, cost: Cost): Promise<WrappingKey> {
  const message = Buffer.from(passphrase, 'utf8')
  try {
    const key = await promisify(argon2)('argon2id', { message, nonce: salt, tagLength: 32, ...cost })
    return await wrappingKey(key)
  } finally {
    message.fill(0)
  }
}

function context(salt: Uint8Array, cost: Cost): WrapContext {
  return ['treuhand/root/passphrase/v1', salt, cost.memory, cost.passes, cost.parallelism]
}

function parse(record: SealRecord): { cost: Cost; salt: Uint8Array; wrapped: Uint8Array } {
  const within = (name: keyof Cost) => {
    const value = record[name]
    if (typeof value === 'number' && Number.isInteger(value) && value >= LEAST[name] && value <= MOST[name]) {
      return value
    }
    throw recordBroken(`${name} must be a whole number from ${LEAST[name]} to ${MOST[name]}`)
  }
  return {
    cost: { memory: within('memory'), passes: within('passes'), parallelism: within('parallelism') },
    salt: recordBytes(record, 'salt', 16),
    wrapped: recordBytes(record, 'wrapped', 12 + 32 + 16),
  }
}
