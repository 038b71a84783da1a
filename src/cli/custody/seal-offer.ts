import { readFileSync } from 'node:fs'
import { fileRoot } from '../../custody/roots/file.ts'
import { p12Root } from '../../custody/roots/p12.ts'
import { passphraseRoot } from '../../custody/roots/passphrase.ts'
import { pkcs11Root } from '../../custody/roots/pkcs11.ts'
import { readSecretFile } from '../../custody/roots/secret-file.ts'
import { transitRoot } from '../../custody/roots/transit.ts'
import type { SealOffer } from '../../custody/seals/offers.ts'
import type { SealSettings } from './config.ts'

/** The seal that a configuration makes ready. Its secrets stay in their files until they are needed. */
export function offerOf(seal: SealSettings): SealOffer {
  switch (seal.kind) {
    case 'quorum':
      return { kind: 'quorum' }
    case 'hsm+quorum':
      return { kind: 'hsm+quorum', hsm: pkcs11Root(seal) }
    case 'pkcs11':
      return { kind: 'pkcs11', root: pkcs11Root(seal) }
    case 'p12':
      return { kind: 'p12', root: p12Root(seal.file, () => readSecretFile(seal.passphraseFile)) }
    case 'transit': {
      const { authorityFile, ...where } = seal
      const authority = authorityFile === undefined ? {} : { authority: readFileSync(authorityFile, 'utf8') }
      return { kind: 'transit', root: transitRoot({ ...where, ...authority }) }
    }
    case 'passphrase':
      return { kind: 'passphrase', root: passphraseRoot(() => readSecretFile(seal.passphraseFile)) }
    case 'file':
      return { kind: 'file', root: fileRoot(seal.file) }
  }
}
