import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBackupFile } from '../src/custody/backup/file.ts'
import { writeRow } from '../src/custody/backup/rows.ts'
import { generateHpkeKey } from '../src/custody/hpke.ts'
import { signer, verifierKey } from '../src/custody/log/note.ts'
import { signStatement } from '../src/evidence/statement.ts'

/**
 * Writes the vector of a backup: `node tools/backup-vector.ts`. HPKE draws its own ephemeral key, so it is
 * another after each run: what holds is that it opens.
 */
const origin = 'trustee.example/log'
const log = signer(origin, 1, Buffer.from(Array.from({ length: 32 }, (_, i) => i)))
const { publicKey, privateKey } = await generateHpkeKey()
const rows = [
  { table: 'seal', columns: { singleton: 1, kind: 'quorum', canary: Buffer.from('canary') } },
  { table: 'records', columns: { kind: 'tenant', id: 'acme', revision: 1, body: '{}' } },
  { table: 'log_hidden', columns: { kind: 'person', value: 'Jürgen', salt: Buffer.alloc(32, 7) } },
]
const lines = rows.map(writeRow)
const about = { schema: 6, term: 3, size: 12, root: Buffer.alloc(32, 9).toString('base64') }

const folder = mkdtempSync(join(tmpdir(), 'backup-vector-'))
const file = join(folder, 'a.backup')
await writeBackupFile(file, origin, publicKey, each(lines), digest =>
  signStatement({ origin, kind: 'backup', made: 1_700_000_000_000, body: { ...about, digest } }, log),
)
const vector = {
  note: 'A backup, made by tools/backup-vector.ts; docs/custody-formats.md, section 8, describes it',
  log: verifierKey(log),
  privateKey: privateKey.toString('base64url'),
  backup: readFileSync(file).toString('base64'),
  manifest: { origin, made: 1_700_000_000_000, ...about },
  lines,
}
rmSync(folder, { recursive: true })
const target = new URL('../test/vectors/custody/backup.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(vector, undefined, 1)}\n`)

async function* each(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts
}
