import type TypeBox from 'typebox'

/**
 * What the settings use of TypeBox: typed by it, made here. A proxy would load TypeBox's 679 modules for one file
 * of settings, and hold 20 MiB for them as long as it runs.
 */

/** Says of a property that it may be missing; not part of the schema that is read. */
const OPTIONAL = Symbol('optional')

const typed =
  (type: string) =>
  (options = {}) => ({ type, ...options })

const Type = {
  String: typed('string'),
  Integer: typed('integer'),
  Boolean: typed('boolean'),
  Literal: (value: string) => ({ type: 'string', const: value }),
  Union: (anyOf: readonly object[], options = {}) => ({ anyOf, ...options }),
  Array: (items: object, options = {}) => ({ type: 'array', items, ...options }),
  Record: (key: { pattern: string }, value: object, options = {}) => ({
    type: 'object',
    patternProperties: { [key.pattern]: value },
    ...options,
  }),
  Optional: (schema: object) => ({ ...schema, [OPTIONAL]: true }),
  Object: (properties: Readonly<Record<string, object>>, options = {}) => ({
    type: 'object',
    required: Object.keys(properties).filter(name => !(OPTIONAL in properties[name]!)),
    properties,
    ...options,
  }),
}

export default Type as unknown as Pick<typeof TypeBox, keyof typeof Type>
