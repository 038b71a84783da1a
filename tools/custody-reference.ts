import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { ACT_TABLE } from '../src/custody/acts/table.ts'
import { ACTS, DEFAULT_POLICY, type Rule } from '../src/custody/approvals/policy.ts'
import { REFUSALS } from '../src/custody/errors.ts'
import { REQUEST_ANSWERS } from '../src/custody/server/answers.ts'
import { serveCustodian } from '../src/custody/server/serve.ts'
import { openSqliteRegistry } from '../src/registry/custody/sqlite.ts'
import { call } from '../test/custody/server/officers-client.ts'

/** As much of a JSON schema as the custodian's calls use. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
}

/** As much of an OpenAPI document as is read here. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly summary?: string
  readonly requestBody?: Content
  readonly responses?: Readonly<Record<string, Content>>
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

/** The OpenAPI documents of both listeners, from a custodian that is started for it. */
export async function custodyApi(): Promise<{ readonly officers: OpenApi; readonly proxies: OpenApi }> {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-openapi-'))
  const registry = await openSqliteRegistry(join(folder, 'custody.db'))
  await registry.activate()
  const listen = { host: '127.0.0.1', port: 0 }
  const running = await serveCustodian({
    ...{ registry, folder, names: ['localhost'], origin: 'custodian.test/openapi' },
    ...{ proxies: listen, officers: listen, logger: pino({ level: 'silent' }) },
    console: { id: 'localhost', origin: 'https://localhost' },
  })
  try {
    const of = async (port: number) =>
      (await call(port, 'GET', '/v1/openapi.json')).json as unknown as OpenApi
    return { officers: await of(running.officers.port), proxies: await of(running.proxies.port) }
  } finally {
    await running.close()
    rmSync(folder, { recursive: true })
  }
}

/** The schema of what a call takes; undefined where it takes nothing. */
export function bodyOf(operation: Operation): Schema | undefined {
  const schema = schemaOf(operation.requestBody)
  if (!schema?.anyOf) return schema
  const needed = (schema.anyOf[0]?.required ?? []).filter(name =>
    schema.anyOf?.every(({ required = [] }) => required.includes(name)),
  )
  return { ...schema.anyOf[0], required: needed }
}

/** The schema of what a call answers with where it does what it was asked for. */
function answerOf({ responses = {} }: Operation): Schema | undefined {
  const told = ['201', '202', '200'].flatMap(status => schemaOf(responses[status]) ?? [])
  // What is awaited is refused with 202.
  const schema = told.find(({ properties = {} }) => !('code' in properties))
  // Of two it is the act's own or the dry run's; of more, a table of their own tells them.
  if (schema?.anyOf && schema.anyOf.length > 2) return undefined
  return schema?.anyOf?.[0] ?? schema
}

const schemaOf = (content: Content | undefined): Schema | undefined =>
  Object.values(content?.content ?? {})[0]?.schema

/** The page docs/custody-api.md. */
export async function custodyReference(): Promise<string> {
  const { officers, proxies } = await custodyApi()
  const acts = ACTS.map(act => {
    const rule = DEFAULT_POLICY[act]
    return `| \`${act}\` | ${approvals(rule)} | ${ruleWait(rule)} | ${members(ACT_TABLE[act]?.params)} |`
  })
  const requests = Object.entries(REQUEST_ANSWERS).map(
    ([name, schema]) => `| \`${name}\` | ${members(schema as Schema)} |`,
  )
  const codes = Object.entries(REFUSALS).map(
    ([code, { status, exit }]) => `| \`${code}\` | ${status} | ${exit} |`,
  )
  return `# The custodian's interface

Made by \`npm run docs\` from the schemas that the custodian checks requests with; both listeners tell the same at
\`/v1/openapi.json\`. Bodies are JSON, 64 KiB at most, and hold nothing that is not named here, as answers do not.
A dry run is answered with \`dryRun\` and \`would\`, a sentence. \`?\`: may be left out. What is signed,
and how, stands in [custody-formats.md](custody-formats.md).

## Officers' listener
${calls(officers)}

### Requests of a person
What an officer or delegate signs and sends to \`POST /v1/requests\`, and the answer. A call that has no room for it in its body
takes \`look\` (counts for five minutes) or \`execute\` (with \`proposal\`, once) as \`authorization: Signed DOCUMENT.SIGNATURE\`, each in
base64url.

| request | answer |
| --- | --- |
${requests.join('\n')}

## Proxies' listener
By mutual TLS 1.3, with the certificate of an enrolled proxy; 10 lease calls a minute for each.

${calls(proxies)}

## Acts
What a proposal may ask for, and its parameters. The default rules; \`change-thresholds\` changes them.

| act | approvals beside the proposer | waits | parameters |
| --- | --- | --- | --- |
${acts.join('\n')}

## Refusals
A refusal has \`code\`, which is stable, and \`message\`, a sentence with the cure. The command line ends with the
exit code beside it.

| code | status | exit |
| --- | --- | --- |
${codes.join('\n')}
`
}

function calls({ paths }: OpenApi): string {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, operation]) =>
        `| \`${method.toUpperCase()} ${path}\` | ${operation.summary ?? ''} | ${members(bodyOf(operation))} | ${members(answerOf(operation))} |`,
    ),
  )
  return ['| call | what it does | body | answer |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function members(schema: Schema | undefined): string {
  const names = Object.entries(schema?.properties ?? {}).map(([name, { description }]) => {
    const shown = `\`${name}${schema?.required?.includes(name) ? '' : '?'}\``
    return description === undefined ? shown : `${shown}: ${description}`
  })
  return names.join('; ').replaceAll('|', '\\|') || '–'
}

function approvals({ officers, delegates, alone }: Rule): string {
  if (alone) return 'none: one officer or delegate'
  return `${officers === 'quorum' ? "the quorum's" : officers} officers, ${delegates} ${delegates === 1 ? 'delegate' : 'delegates'}`
}

function ruleWait({ wait }: Rule): string {
  return wait === 0 ? '–' : `${wait} h`
}
