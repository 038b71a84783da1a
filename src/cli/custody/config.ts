import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
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
const Seal = Type.Union([
  Type.Object({ kind: Type.Literal('quorum') }, closed),
  Type.Object({ kind: Type.Literal('hsm+quorum'), ...Pkcs11 }, closed),
])
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
  const at = (path: string) => resolve(dirname(resolve(file)), path)
  const { registry, seal, backup } = value
  return {
    ...value,
    data: at(value.data),
    registry: registry.kind === 'postgres' ? { ...registry, urlFile: at(registry.urlFile) } : registry,
    seal: seal.kind === 'quorum' ? seal : { ...seal, pinFile: at(seal.pinFile) },
    ...(backup && { backup: { ...backup, folder: at(backup.folder) } }),
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CannotStart(`The configuration ${file} cannot be read (${(error as Error).message}).`, 2)
  }
}
