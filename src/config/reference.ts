import type { Schema } from './accepts.ts'
import { expected, isTagged } from './read.ts'
import { Config, IS_PATH } from './schema.ts'

const HEAD = `# Configuration

<!-- Made from src/config/schema.ts by \`npm run docs\`. -->

\`npm start -- --config FILE\` reads a JSON file with the settings below. Each has a default unless it says
"required". Relative paths count from the file's folder. No setting holds a secret: those that need one name
a file with mode 0600. A setting that does not exist is an error.
`

/** docs/configuration.md, from the schema alone. */
export function configurationReference(): string {
  const settings = Config.properties as Readonly<Record<string, Schema>>
  const rows = Object.entries(settings).flatMap(([name, schema]) =>
    rowsOf(name, schema, Config.required.includes(name as never)),
  )
  return `${HEAD}
| setting | value | default | meaning |
| --- | --- | --- | --- |
${rows.map(row => `| ${row.map(cell => cell.replaceAll('|', '\\\\|')).join(' | ')} |`).join('\n')}
`
}

type Row = readonly [setting: string, value: string, byDefault: string, meaning: string]

function rowsOf(name: string, schema: Schema, required: boolean): readonly Row[] {
  if (schema.anyOf && isTagged(schema.anyOf))
    return [
      [code(name), 'one of the forms below', defaultOf(schema, required), schema.description ?? ''],
      ...schema.anyOf.flatMap(form => rowsOfForm(name, form)),
    ]
  const row: Row = [code(name), shapeOf(schema), defaultOf(schema, required), schema.description ?? '']
  return [row, ...(schema.items ? fieldsOf(`${name}[]`, schema.items) : fieldsOf(name, schema))]
}

function rowsOfForm(name: string, form: Schema): readonly Row[] {
  const kind = form.properties?.['kind']?.const ?? ''
  const row: Row = [code(`${name}.kind`), code(`"${kind}"`), 'required', form.description ?? '']
  return [row, ...fieldsOf(name, form)]
}

const fieldsOf = (name: string, schema: Schema): readonly Row[] =>
  Object.entries(schema.properties ?? {})
    .filter(([field]) => field !== 'kind')
    .flatMap(([field, its]) => rowsOf(`${name}.${field}`, its, schema.required?.includes(field) ?? false))

function shapeOf(schema: Schema): string {
  if (schema[IS_PATH]) return 'a path'
  return schema.type === 'object' && schema.properties ? 'an object' : expected(schema)
}

function defaultOf(schema: Schema, required: boolean): string {
  if (schema.default !== undefined)
    return schema.type === 'object' && schema.properties ? '' : code(JSON.stringify(schema.default))
  return required ? 'required' : 'none'
}

const code = (text: string) => `\`${text}\``
