import { join } from 'node:path'
import { installApart } from './npm-parts.ts'

/**
 * `npm run hsm:install`: puts the PKCS #11 parts beside the program. They compile when they are installed
 * (g++, make, python3), so they are no dependency of it.
 */
const FOLDER = join(import.meta.dirname, '..', '.hsm')

export const installHsmParts = (): Promise<void> =>
  installApart(FOLDER, ['node-webcrypto-p11@2.8.0', 'graphene-pk11@2.3.6'])

if (import.meta.main) await installHsmParts()
