import type { Command, CommandContext, RouteMap } from '@stricli/core'
import { describe, expect, test } from 'vitest'
import { app } from '../../src/cli/app.ts'

type Target = Command<CommandContext> | RouteMap<CommandContext>

const isRouteMap = (target: Target): target is RouteMap<CommandContext> => 'getAllEntries' in target

/** Every command by its path, with the names of its flags. */
function* commands(target: Target, path: readonly string[] = []): Generator<[string, readonly string[]]> {
  if (!isRouteMap(target)) {
    yield [path.join(' '), Object.keys(target.parameters.flags ?? {})]
    return
  }
  for (const { name, target: next } of target.getAllEntries()) yield* commands(next, [...path, name.original])
}

const ROOMS = [
  'custodian',
  'rotate',
  'epochs',
  'erase',
  'log',
  'evidence',
  'half',
  'where-used',
  'reencrypt',
  'escort',
]
/** They run until they are told to stop. */
const SERVES = ['custodian serve', 'escort watch']
/** They change nothing. */
const READS = [
  'custodian status',
  'custodian enrolment',
  'custodian show-order',
  'epochs',
  'escort list',
  'log verify',
  'evidence verify',
  'half fingerprint',
  'where-used',
]

describe('of the commands of the custody plane', () => {
  const all = [...commands(app.root)].filter(
    ([name]) => ROOMS.includes(name.split(' ')[0]!) && !SERVES.includes(name),
  )

  test.each(all)('treuhand %s answers in JSON where it is asked to', (_, flags) => {
    expect(flags).toContain('json')
  })

  test.each(all.filter(([name]) => !READS.includes(name)))(
    'treuhand %s, which changes something, has a dry run',
    (_, flags) => {
      expect(flags).toContain('dryRun')
    },
  )

  test('the table was walked to its end', () => {
    expect(all.length).toBeGreaterThan(40)
    expect(all.map(([name]) => name)).toEqual(expect.arrayContaining(READS))
  })
})
