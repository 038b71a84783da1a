import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { CannotStart } from '../cannot-start.ts'

const closed = { additionalProperties: false } as const
const Path = Type.String({ minLength: 1 })
const Listen = Type.Object(
  { host: Type.String({ minLength: 1 }), port: Type.Integer({ minimum: 0, maximum: 65_535 }) },
  closed,
)
const Registry = Type.Union([
  Type.Object({ kind: Type.Literal('sqlite') }, closed),
  Type.Object({ kind: Type.Literal('postgres'), urlFile: Path }, closed),
])
const Pkcs11 = { library: Path, token: Type.String({ minLength: 1 }), pinFile: Path }
/** The word that a seal for a first look takes, so that none of them comes into use by mistake. */
const development = Type.Literal(true)
const Seal = Type.Union([
  Type.Object({ kind: Type.Literal('quorum') }, closed),
  Type.Object({ kind: Type.Literal('hsm+quorum'), ...Pkcs11 }, closed),
  Type.Object({ kind: Type.Literal('pkcs11'), ...Pkcs11 }, closed),
  Type.Object({ kind: Type.Literal('p12'), file: Path, passphraseFile: Path }, closed),
  Type.Object(
    {
      kind: Type.Literal('transit'),
      address: Type.String({ minLength: 1 }),
      mount: Type.String({ minLength: 1 }),
      key: Type.String({ minLength: 1 }),
      tokenFile: Path,
      authorityFile: Type.Optional(Path),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('passphrase'), passphraseFile: Path, development }, closed),
  Type.Object({ kind: Type.Literal('file'), file: Path, development }, closed),
])
export type SealSettings = Static<typeof Seal>
const Backup = Type.Object(
  { folder: Path, recipient: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) },
  closed,
)
const Witness = Type.Object(
  { url: Type.String({ minLength: 1 }), key: Type.String({ minLength: 1 }) },
  closed,
)

/** A custodian's configuration, as docs/custody.md describes it. It holds no secret; files hold those. */
const CustodianConfig = Type.Object(
  {
    origin: Type.String({ pattern: '^[^\\s+]{1,200}$' }),
    data: Path,
    names: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 16 }),
    proxies: Listen,
    officers: Listen,
    registry: Registry,
    seal: Seal,
    nextSeal: Type.Optional(Seal),
    witness: Type.Optional(Witness),
    console: Type.Optional(Type.String({ pattern: '^https://[^/?#@]{1,255}$' })),
    backup: Type.Optional(Backup),
  },
  closed,
)
export type CustodianConfig = Static<typeof CustodianConfig>

/** @throws CannotStart that names the wrong setting */
export function readCustodianConfig(file: string): CustodianConfig {
  const value = readJson(file)
  if (!Value.Check(CustodianConfig, value)) {
    const [first] = Value.Errors(CustodianConfig, value)
    const where = first?.instancePath.slice(1).replaceAll('/', '.') || 'the configuration'
    throw new CannotStart(`In ${file}, ${where} ${first?.message ?? 'is wrong'}. See docs/custody.md.`, 2)
  }
  const at = (path: string) => placeOf(path, dirname(resolve(file)))
  const { registry, seal, nextSeal, backup } = value
  return {
    ...value,
    data: at(value.data),
    registry: registry.kind === 'postgres' ? { ...registry, urlFile: at(registry.urlFile) } : registry,
    seal: withPlaces(seal, at),
    ...(nextSeal && { nextSeal: withPlaces(nextSeal, at) }),
    ...(backup && { backup: { ...backup, folder: at(backup.folder) } }),
  }
}

/** A path beside the configuration, or `credential:NAME`, which systemd hands to the service. */
function placeOf(path: string, beside: string): string {
  const [, name] = /^credential:([\w.-]+)$/.exec(path) ?? []
  if (name === undefined) return resolve(beside, path)
  const folder = process.env['CREDENTIALS_DIRECTORY']
  if (folder) return join(folder, name)
  throw new CannotStart(
    `${path} asks for a credential of systemd, but there is none. Start it as a service with LoadCredential=${name}:FILE.`,
    2,
  )
}

function withPlaces(seal: SealSettings, at: (path: string) => string): SealSettings {
  const isPlace = (name: string) => name === 'file' || name.endsWith('File')
  const settings = Object.entries(seal).map(([name, value]) => [
    name,
    isPlace(name) ? at(String(value)) : value,
  ])
  return Object.fromEntries(settings) as SealSettings
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CannotStart(`The configuration ${file} cannot be read (${(error as Error).message}).`, 2)
  }
}
