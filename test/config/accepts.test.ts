import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { accepts, type Schema } from '../../src/config/accepts.ts'
import { Config } from '../../src/config/schema.ts'

/** The schemas of single settings, wherever they stand. */
function settingsOf(schema: Schema, name: string): [string, Schema][] {
  const forms = schema.anyOf?.filter(({ properties }) => properties) ?? []
  if (forms.length > 0) return forms.flatMap(form => settingsOf(form, name))
  const inside = Object.entries(schema.properties ?? schema.items?.properties ?? {})
  if (inside.length === 0) return [[name, schema]]
  return inside.flatMap(([field, its]) => settingsOf(its, `${name}.${field}`))
}

const settings = settingsOf(Config as Schema, 'config')
const bounds = settings.flatMap(([, { minimum = 0, maximum = 0 }]) => [minimum, maximum])
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('path', 'node', 'error', 'read', 'https://s3.example.com', 'a.example', 'eu-central-1'),
  fc.constantFrom(...bounds, ...bounds.map(bound => bound - 1), ...bounds.map(bound => bound + 1), 0.5),
  fc.array(fc.constantFrom('a', 'read', 'https://custodian.example', 1)),
  fc.dictionary(fc.constantFrom('abc', 'a', 'A-b'), fc.constantFrom('def', 'D', 1)),
)

describe('what a setting accepts', () => {
  test('there are settings of every kind', () => {
    expect(settings.length).toBeGreaterThan(25)
  })

  test.each(settings)('%s: as TypeBox says', (_, schema) => {
    fc.assert(
      fc.property(value, given => {
        expect(accepts(schema, given)).toBe(Value.Check(schema as never, given))
      }),
    )
  })
})
