import type { FORM, IS_PATH } from './schema.ts'

/** What the schema's types amount to, as far as reading goes. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly const?: string
  readonly description?: string
  readonly default?: unknown
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly [IS_PATH]?: boolean
  readonly [FORM]?: string
}

/** Whether a value is what a schema of one setting asks for (JSON Schema, as far as schema.ts uses it). */
export function accepts(schema: Schema, value: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some(form => accepts(form, value))
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && acceptsString(schema, value)
    case 'integer':
      return Number.isInteger(value) && isWithin(value as number, schema.minimum, schema.maximum)
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return (
        Array.isArray(value) &&
        isWithin(value.length, schema.minItems) &&
        value.every(item => accepts(schema.items ?? {}, item))
      )
    case 'object':
      return isRecord(value) && Object.entries(value).every(([name, its]) => acceptsNamed(schema, name, its))
    default:
      return false
  }
}

function acceptsString(schema: Schema, value: string): boolean {
  if (schema.const !== undefined) return value === schema.const
  return (
    isWithin(value.length, schema.minLength) && (!schema.pattern || new RegExp(schema.pattern).test(value))
  )
}

/** Objects of free names: one pattern says which, one schema what each holds. */
const acceptsNamed = ({ patternProperties = {} }: Schema, name: string, value: unknown): boolean =>
  Object.entries(patternProperties).some(
    ([pattern, its]) => new RegExp(pattern).test(name) && accepts(its, value),
  )

const isWithin = (
  value: number,
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
): boolean => value >= least && value <= most

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
