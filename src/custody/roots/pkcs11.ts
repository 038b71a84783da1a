import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CustodyError } from '../errors.ts'
import { type RootProvider, recordText } from './root.ts'
import { readSecretFile } from './secret-file.ts'

export interface Pkcs11Options {
  /** The maker's library: `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string
  /** Label of the token. */
  readonly token: string
  /** File of mode 0600 with the user's PIN. */
  readonly pinFile: string
}

/** What of node-webcrypto-p11 is used. It compiles when it is installed, so it is installed apart. */
interface P11Module {
  readonly Crypto: new (settings: Record<string, unknown>) => P11Crypto
}
interface P11Crypto {
  readonly subtle: SubtleCrypto
  readonly keyStorage: {
    setItem(key: CryptoKey): Promise<string>
    keys(): Promise<readonly string[]>
    getItem(
      id: string,
      algorithm: { name: string },
      extractable: boolean,
      usages: string[],
    ): Promise<CryptoKey | null>
  }
}
/** What of graphene-pk11 is used, to find a token by its label. */
interface Graphene {
  readonly Module: {
    load(library: string): {
      initialize(): void
      getSlots(present: boolean): {
        readonly length: number
        items(place: number): { getToken(): { readonly label: string } }
      }
    }
  }
}

const AES_GCM = { name: 'AES-GCM', length: 256 } as const
const USAGES = ['encrypt', 'decrypt']
/** Where `npm run hsm:install` puts it. */
export const HSM_FOLDER = join(import.meta.dirname, '../../../.hsm')

/**
 * The root as an AES-256 key inside a PKCS #11 token, never extractable: the HSM itself wraps KEKs. Whoever
 * has the host with its PIN uses it unattended.
 */
export function pkcs11Root(options: Pkcs11Options): RootProvider {
  return {
    kind: 'pkcs11',
    async create() {
      const { subtle, keyStorage } = await openToken(options)
      const algorithm = { ...AES_GCM, token: true, sensitive: true, label: 'treuhand root' }
      const made = (await subtle.generateKey(algorithm, false, ['encrypt', 'decrypt'])) as CryptoKey
      const id = keyId(await keyStorage.setItem(made))
      return { root: { subtle, key: await find(keyStorage, id, options) }, record: { id } }
    },
    async open(record) {
      const { subtle, keyStorage } = await openToken(options)
      return { subtle, key: await find(keyStorage, keyId(recordText(record, 'id', 128)), options) }
    },
  }
}

/**
 * The CKA_ID in hex, 20 random bytes, out of the name that node-webcrypto-p11 gives to a key: class, handle, id. The
 * handle is another at the next start where the token holds further keys (PKCS #11 3.1, section 2.4), so no record may
 * name it; older ones do.
 */
function keyId(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1)
}

async function find(
  storage: P11Crypto['keyStorage'],
  id: string,
  { token }: Pkcs11Options,
): Promise<CryptoKey> {
  const name = (await storage.keys()).find(name => keyId(name) === id)
  // Asked without the algorithm, the storage takes every AES key for one of AES-CBC.
  const key =
    name === undefined ? null : await storage.getItem(name, AES_GCM, false, USAGES).catch(() => null)
  if (key) return key
  throw new CustodyError(
    'RootKeyMissing',
    `The token ${token} does not hold the root key. Insert the right token.`,
  )
}

async function openToken(options: Pkcs11Options): Promise<P11Crypto> {
  const { library, token, pinFile } = options
  const { Crypto } = load<P11Module>('node-webcrypto-p11')
  const pin = await readSecretFile(pinFile)
  const slot = slotOf(library, token)
  try {
    return new Crypto({ library, slot, readWrite: true, pin })
  } catch (error) {
    const code = /CKR_\w+/.exec(String((error as Error).message))?.[0] ?? 'no PKCS #11 code'
    throw new CustodyError(
      'RootKeyMissing',
      `The token ${token} cannot be opened (${code}). Check ${pinFile} and the token.`,
    )
  }
}

/** Slots change their number when tokens are added; labels stay. */
function slotOf(library: string, label: string): number {
  if (!existsSync(library))
    throw new CustodyError('RootKeyMissing', `There is no PKCS #11 library ${library}.`)
  const module = load<Graphene>('graphene-pk11').Module.load(library)
  initialize(module)
  const slots = module.getSlots(true)
  for (let place = 0; place < slots.length; place++) {
    if (slots.items(place).getToken().label.trim() === label) return place
  }
  throw new CustodyError(
    'RootKeyMissing',
    `No token is labelled ${label}. Insert it, or configure its label.`,
  )
}

/**
 * Once a process, and never undone: that would end the sessions of every other key of this library, the root in force
 * among them when another is made beside it.
 */
function initialize(module: { initialize(): void }): void {
  try {
    module.initialize()
  } catch (error) {
    if (!String((error as Error).message).includes('CKR_CRYPTOKI_ALREADY_INITIALIZED')) throw error
  }
}

function load<Module>(name: string): Module {
  try {
    return createRequire(join(HSM_FOLDER, 'package.json'))(name) as Module
  } catch {
    throw new CustodyError('RootKeyMissing', 'The PKCS #11 parts are not installed. Run: npm run hsm:install')
  }
}
