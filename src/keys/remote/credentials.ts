import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** By what a proxy knows its custodian. PEM. */
export interface KnownAuthority {
  readonly authority: string
}

/** What a proxy shows to its custodian. PEM. */
export interface ProxyCredentials extends KnownAuthority {
  readonly key: string
  readonly certificate: string
}

/** The folder of a proxy's credentials: `proxy.key`, `proxy.crt`, `authority.crt`, of mode 0600. */
export async function readCredentials(folder: string): Promise<ProxyCredentials> {
  const [key, certificate, authority] = await Promise.all(
    ['proxy.key', 'proxy.crt', 'authority.crt'].map(name => readFile(join(folder, name), 'utf8')),
  )
  return { key: key!, certificate: certificate!, authority: authority! }
}

export async function writeCredentials(folder: string, credentials: ProxyCredentials): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeWhole(join(folder, 'authority.crt'), credentials.authority)
  await writeWhole(join(folder, 'proxy.key'), credentials.key)
  await writeWhole(join(folder, 'proxy.crt'), credentials.certificate)
}

/** Whether half of a certificate's time is over, so that it should be renewed. */
export function isHalfOver(certificate: string, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate)
  return now > (Date.parse(validFrom) + Date.parse(validTo)) / 2
}

/** Whether the key is the certificate's: an enrolment writes one after the other. */
export function belongTogether({ key, certificate }: ProxyCredentials): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
}

async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
