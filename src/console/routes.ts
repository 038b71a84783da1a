import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import type { FastifyInstance } from 'fastify'

/** Modules of the page, by their place in the source: the browser runs what an auditor reads. */
const MODULES = [
  'console/page/main.ts',
  'console/page/custodian.ts',
  'console/page/encoding.ts',
  'console/page/escort-screen.ts',
  'console/page/escorts.ts',
  'console/page/new-passkey.ts',
  'console/page/passkey.ts',
  'console/page/proposal.ts',
  'console/page/signer.ts',
  'console/page/state-banner.ts',
  'console/page/wish-form.ts',
  'custody/approvals/approval.ts',
  'custody/errors.ts',
  'custody/printable.ts',
  'custody/state-words.ts',
] as const

/** Libraries, by the name under which the page imports them. */
const LIBRARIES = ['preact', 'preact/hooks', 'htm', 'htm/preact'] as const

interface PageFile {
  readonly type: string
  readonly text: string
}

/** Serves the console's page under `/console`, with nothing from elsewhere and no markup made by scripts. */
export function consoleRoutes(app: FastifyInstance): void {
  const importMap = JSON.stringify({
    imports: Object.fromEntries(LIBRARIES.map(name => [name, `/console/lib/${name}.js`])),
  })
  const headers = { ...GUARDS, 'content-security-policy': policyFor(importMap) }
  let files: Promise<ReadonlyMap<string, PageFile>> | undefined
  app.get('/console', { schema: { hide: true } }, async (_, reply) => await reply.redirect('/console/'))
  app.get('/console/*', { schema: { hide: true } }, async (request, reply) => {
    files ??= readPage(importMap)
    const file = (await files).get((request.params as { '*': string })['*'])
    if (!file) return reply.callNotFound()
    return await reply.headers(headers).type(file.type).send(file.text)
  })
}

const GUARDS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** The import map is an inline script (HTML section 8.1.6.2), so the policy names its hash (CSP level 3). */
function policyFor(importMap: string): string {
  const hash = createHash('sha256').update(importMap).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

async function readPage(importMap: string): Promise<ReadonlyMap<string, PageFile>> {
  const read = async (place: string) => await readFile(new URL(`../${place}`, import.meta.url), 'utf8')
  const index = (await read('console/page/index.html')).replace('<!--importmap-->', importMap)
  const modules = MODULES.map(async place => {
    return [`src/${place}`, script(stripTypeScriptTypes(await read(place)))] as const
  })
  const libraries = LIBRARIES.map(async name => {
    const text = await readFile(new URL(import.meta.resolve(name)), 'utf8')
    return [`lib/${name}.js`, script(text)] as const
  })
  return new Map<string, PageFile>([
    ['', { type: 'text/html; charset=utf-8', text: index }],
    ['style.css', { type: 'text/css; charset=utf-8', text: await read('console/page/style.css') }],
    ...(await Promise.all([...modules, ...libraries])),
  ])
}

const script = (text: string): PageFile => ({ type: 'text/javascript; charset=utf-8', text })
