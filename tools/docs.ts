/** Writes the pages of docs/ that are made from source: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationReference } from '../src/config/reference.ts'
import { notImplementedTable } from '../src/store/directory/not-implemented.ts'
import { custodyReference } from './custody-reference.ts'

const DOCS = join(import.meta.dirname, '../docs')
writeFileSync(join(DOCS, 'configuration.md'), configurationReference())

const directoryStore = join(DOCS, 'directory-store.md')
const [before] = readFileSync(directoryStore, 'utf8').split(
  /(?<=not-implemented\.ts by `npm run docs`\. -->\n)/,
)
writeFileSync(directoryStore, `${before}\n${notImplementedTable()}`)
writeFileSync(join(import.meta.dirname, '../docs/custody-api.md'), await custodyReference())
