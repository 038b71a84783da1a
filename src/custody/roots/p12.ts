import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { CustodyError } from '../errors.ts'
import { wrappingKey } from '../wrap.ts'
import type { P12Answer } from './p12-reader.ts'
import { hex, type RootProvider, recordBroken, recordText } from './root.ts'

/** A customer's file may ask for any number of rounds, and they run in JavaScript. */
const PATIENCE = 120_000
const LARGEST = 64 * 1024
const LEAST_MODULUS = 2048
const LABEL = Buffer.from('treuhand/root/p12/v1')

/**
 * The root, random, encrypted to the RSA key of a PKCS #12 file (RSA-OAEP with SHA-256, RFC 8017). The file
 * and its passphrase open it unattended.
 *
 * @param ask brings the file's passphrase
 */
export function p12Root(path: string, ask: () => Promise<string>): RootProvider {
  return {
    kind: 'p12',
    async create() {
      const key = await readKey(path, await ask())
      const root = crypto.getRandomValues(new Uint8Array(32))
      const wrapped = publicEncrypt({ key: createPublicKey(key), ...OAEP }, root)
      return { root: await wrappingKey(root), record: { wrapped: hex(wrapped) } }
    },
    async open(record) {
      const wrapped = Buffer.from(recordText(record, 'wrapped', 2048), 'hex')
      const key = await readKey(path, await ask())
      const root = openRoot(key, wrapped, path)
      if (root.length !== 32) throw recordBroken('the root is not 32 bytes')
      return await wrappingKey(root)
    },
  }
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: LABEL }

function openRoot(key: KeyObject, wrapped: Buffer, path: string): Buffer {
  try {
    return privateDecrypt({ key, ...OAEP }, wrapped)
  } catch {
    throw new CustodyError(
      'RootKeyChanged',
      `The key in ${path} is not the one that this root was sealed to.`,
    )
  }
}

async function readKey(path: string, passphrase: string): Promise<KeyObject> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CustodyError('RootKeyMissing', `The PKCS #12 file ${path} cannot be read (${error.code}).`)
  })
  if (file.length > LARGEST)
    throw new CustodyError('RootKeyUnsafe', `${path} is too large for a PKCS #12 file.`)
  const answer = await readApart(file, passphrase)
  if ('failed' in answer) throw refusal(answer.failed, path)
  const key = createPrivateKey(answer.key)
  if (key.asymmetricKeyType !== 'rsa') throw refusal('no-rsa-key', path)
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_MODULUS) {
    throw new CustodyError('RootKeyUnsafe', `The RSA key in ${path} has fewer than ${LEAST_MODULUS} bits.`)
  }
  return key
}

function refusal(failed: 'wrong-passphrase' | 'no-rsa-key' | 'too-slow', path: string): CustodyError {
  if (failed === 'wrong-passphrase') {
    return new CustodyError(
      'WrongPassphrase',
      `The passphrase of ${path} is wrong, or it is no PKCS #12 file.`,
    )
  }
  if (failed === 'no-rsa-key')
    return new CustodyError('RootKeyUnsafe', `${path} holds no RSA key. Export one that does.`)
  return new CustodyError(
    'RootKeyUnsafe',
    `${path} asks for too many rounds. Export it with fewer (openssl -iter).`,
  )
}

/** Reads the file in a thread of its own, which blocks nobody and can be ended. */
async function readApart(file: Buffer, passphrase: string): Promise<P12Answer> {
  const worker = new Worker(new URL('./p12-reader.ts', import.meta.url), { workerData: { file, passphrase } })
  return await new Promise<P12Answer>((resolve, reject) => {
    const timer = setTimeout(() => resolve({ failed: 'too-slow' }), PATIENCE)
    worker.once('message', (answer: P12Answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
    worker.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
  }).finally(() => worker.terminate())
}
