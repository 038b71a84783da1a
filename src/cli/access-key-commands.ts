import { buildCommand, buildRouteMap } from '@stricli/core'
import type { Action } from '../registry/path/access-keys.ts'
import { CannotStart } from './cannot-start.ts'
import { DEFAULT_TENANT } from './first-access-key.ts'
import { settingsFlags } from './settings-flags.ts'

/** `treuhand access-key`: access keys come and go while the proxy runs. */

const ACTIONS: readonly Action[] = ['read', 'write', 'delete', 'list', 'configure', 'manage']
const listOf = { kind: 'parsed', parse: String, variadic: ',', optional: true } as const

const addCommand = buildCommand({
  docs: { brief: 'Make an access key and write it to the credentials file' },
  parameters: {
    flags: {
      ...settingsFlags,
      tenant: {
        kind: 'parsed',
        parse: String,
        default: DEFAULT_TENANT,
        brief: 'Tenant whose objects it reaches',
      },
      buckets: { kind: 'parsed', parse: String, variadic: ',', brief: 'Buckets, as photos,logs-*' },
      prefixes: { ...listOf, brief: 'Only keys that begin so' },
      actions: { kind: 'enum', values: ACTIONS, variadic: ',', brief: 'What it may do' },
      networks: { ...listOf, brief: 'Only from these CIDR blocks' },
      expires: { kind: 'parsed', parse: parseDate, optional: true, brief: 'End, as 2027-01-31T00:00:00Z' },
      storeProfile: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: "Profile of the store's credentials",
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: parseProfile, brief: 'Profile for the credentials file', placeholder: 'PROFILE' },
      ],
    },
  },
  loader: async () => (await import('./access-keys.ts')).addAccessKey,
})

const listCommand = buildCommand({
  docs: { brief: 'Show the access keys and what they may do, a JSON document a line, without secrets' },
  parameters: { flags: settingsFlags },
  loader: async () => (await import('./access-keys.ts')).listAccessKeys,
})

const removeCommand = buildCommand({
  docs: { brief: 'Remove an access key; a running proxy refuses it within a second' },
  parameters: {
    flags: settingsFlags,
    positional: { kind: 'tuple', parameters: [{ parse: String, brief: 'Its id', placeholder: 'ID' }] },
  },
  loader: async () => (await import('./access-keys.ts')).removeAccessKey,
})

export const accessKeys = buildRouteMap({
  docs: { brief: 'Make, list and remove access keys, while the proxy runs or not' },
  routes: { add: addCommand, list: listCommand, remove: removeCommand },
})

function parseDate(text: string): Date {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  throw new CannotStart(`"${text}" is no time. Write it as 2027-01-31T00:00:00Z.`, 2)
}

function parseProfile(text: string): string {
  if (/^[\w.@-]{1,64}$/.test(text)) return text
  throw new CannotStart(`"${text}" cannot name a profile: use letters, digits, "_", ".", "@" and "-".`, 2)
}
