import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { accepts, type Schema } from './accepts.ts'
import { ConfigError } from './errors.ts'
import { nearest } from './nearest.ts'
import { Config, FORM, IS_PATH } from './schema.ts'

/**
 * Reads a configuration file.
 * @throws ConfigError
 */
export function readConfigFile(file: string): Config {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`The configuration file ${file} cannot be read (${(error as Error).message}).`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`The configuration file ${file} is not JSON: ${(error as Error).message}.`)
  }
  return parseConfig(json, dirname(resolve(file)))
}

/**
 * Checks a configuration and fills in its defaults.
 * @param folder from which relative paths count
 * @throws ConfigError
 */
export function parseConfig(json: unknown, folder: string): Config {
  const config = read(Config as Schema, json, '', folder) as Config
  checkBuckets(config.buckets)
  return config
}

/** Two names for one bucket at the store would make grants on either say less than is true. */
function checkBuckets(buckets: Config['buckets']): void {
  const names = new Map<string, string>()
  for (const [name, atStore] of Object.entries(buckets)) {
    const other = names.get(atStore)
    if (other !== undefined)
      throw new ConfigError(`\`buckets\` gives "${atStore}" two names, "${other}" and "${name}". Keep one.`)
    names.set(atStore, name)
  }
}

function read(schema: Schema, value: unknown, at: string, folder: string): unknown {
  if (schema.anyOf && isTagged(schema.anyOf)) return readTagged(schema.anyOf, value, at, folder)
  if (schema.properties) return readObject(schema.properties, schema.required, value, at, folder)
  if (schema.items?.properties && Array.isArray(value))
    return value.map((it, index) => read(schema.items!, it, `${at}[${index}]`, folder))
  if (!accepts(schema, value)) throw new ConfigError(`\`${at}\` must be ${expected(schema)}.`)
  return schema[IS_PATH] ? resolve(folder, value as string) : value
}

function readObject(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  value: unknown,
  at: string,
  folder: string,
) {
  const given = record(value, at)
  for (const name of Object.keys(given))
    if (!Object.hasOwn(properties, name)) throw unknownSetting(join(at, name), name, Object.keys(properties))
  const found: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(properties)) {
    const its = given[name] ?? schema.default
    if (its !== undefined) found[name] = read(schema, its, join(at, name), folder)
    else if (required.includes(name))
      throw new ConfigError(`\`${join(at, name)}\` is missing: ${schema.description}`)
  }
  return found
}

/** Of several forms of an object, `kind` says which is meant. */
function readTagged(forms: readonly Schema[], value: unknown, at: string, folder: string) {
  const { kind } = record(value, at)
  const kinds = forms.map(form => form.properties?.['kind']?.const ?? '')
  const form = forms[kinds.indexOf(kind as string)]
  if (!form) throw new ConfigError(`\`${join(at, 'kind')}\` must be ${oneOf(kinds)}.`)
  return read(form, value, at, folder)
}

export const isTagged = (forms: readonly Schema[]) => forms.every(form => form.properties?.['kind'])

function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`${at ? `\`${at}\`` : 'The configuration'} must be an object.`)
  return value as Record<string, unknown>
}

function unknownSetting(at: string, name: string, right: readonly string[]): ConfigError {
  const meant = nearest(name, right)
  return new ConfigError(
    `There is no setting \`${at}\`. ${meant ? `Did you mean \`${meant}\`?` : `There are ${right.join(', ')}.`}`,
  )
}

/** What a value may be, in words. */
export function expected(schema: Schema): string {
  if (schema.anyOf) return oneOf(schema.anyOf.map(form => form.const ?? ''))
  if (schema.type === 'boolean') return '`true` or `false`'
  if (schema.type === 'array')
    return schema.items?.properties
      ? 'a list of objects'
      : `a list, each of it ${expected(schema.items ?? {})}`
  if (schema.type === 'integer')
    return `a whole number ${schema.maximum === undefined ? `of at least ${schema.minimum}` : `from ${schema.minimum} to ${schema.maximum}`}`
  return schema[FORM] ?? 'a string'
}

const oneOf = (values: readonly string[]) =>
  values
    .map(value => `"${value}"`)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ')

const join = (at: string, name: string) => (at ? `${at}.${name}` : name)
