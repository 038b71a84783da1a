import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

const UP = 1
const UV = 4
const SYNCED = 8 | 16
const AT = 64

export interface AuthenticatorOptions {
  readonly synced?: boolean
  readonly verifiesUser?: boolean
}

/** An authenticator in software (WebAuthn level 3 section 6): P-256, attestation `none`. */
export class Authenticator {
  readonly #key: KeyObject
  readonly #cose: Buffer
  readonly #id = randomBytes(16)
  readonly #flags: number
  #counter = 0

  constructor({ synced = false, verifiesUser = true }: AuthenticatorOptions = {}) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    this.#key = privateKey
    const point = [x!, y!].map(coordinate => Buffer.from(coordinate, 'base64url'))
    // COSE_Key: kty EC2, alg ES256, crv P-256, x, y.
    this.#cose = Buffer.concat([hex('a50102032620012158 20'), point[0]!, hex('225820'), point[1]!])
    this.#flags = UP | (verifiesUser ? UV : 0) | (synced ? SYNCED : 0)
  }

  register(challenge: string, origin: string, rpId: string): RegistrationResponseJSON {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.#id.length)
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#cose])
    const data = Buffer.concat([this.#data(rpId, this.#flags | AT), credential])
    const attestation = Buffer.concat([
      hex('a363666d74646e6f6e656761747453746d74a068617574684461746158'),
      Uint8Array.of(data.length),
      data,
    ])
    return {
      ...this.#head(),
      response: {
        clientDataJSON: client('webauthn.create', challenge, origin),
        attestationObject: attestation.toString('base64url'),
      },
    }
  }

  sign(challenge: string, origin: string, rpId: string): AuthenticationResponseJSON {
    this.#counter++
    const data = this.#data(rpId, this.#flags)
    const clientDataJSON = client('webauthn.get', challenge, origin)
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
    const signature = sign('sha256', Buffer.concat([data, hash]), this.#key)
    return {
      ...this.#head(),
      response: {
        clientDataJSON,
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      },
    }
  }

  #data(rpId: string, flags: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.#counter)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Uint8Array.of(flags), counter])
  }

  #head() {
    const id = this.#id.toString('base64url')
    return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} }
  }
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const client = (type: string, challenge: string, origin: string): string =>
  Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })).toString('base64url')
