import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * `npm run hsm:install`: puts the PKCS #11 parts beside the program. They compile when they are installed
 * (g++, make, python3), so they are no dependency of it.
 */
const FOLDER = join(import.meta.dirname, '..', '.hsm')
const PARTS = ['node-webcrypto-p11@2.8.0', 'graphene-pk11@2.3.6']

export async function installHsmParts(): Promise<void> {
  if (existsSync(join(FOLDER, 'node_modules', 'node-webcrypto-p11'))) return
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, 'package.json'), JSON.stringify({ private: true }))
  await promisify(execFile)('npm', [
    'install',
    '--prefix',
    FOLDER,
    '--save-exact',
    '--no-audit',
    '--no-fund',
    ...PARTS,
  ])
}

if (import.meta.main) await installHsmParts()
