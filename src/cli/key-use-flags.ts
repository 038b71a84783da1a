import { DEFAULT_TENANT } from './first-access-key.ts'
import { type SettingsFlags, settingsFlags, wholeNumber } from './settings-flags.ts'

/** The options that `where-used` and `reencrypt` share. */
export const keyUseFlags = {
  ...settingsFlags,
  tenant: {
    kind: 'parsed',
    parse: String,
    default: DEFAULT_TENANT,
    brief: 'Tenant that the key belongs to',
    placeholder: 'TENANT',
  },
  buckets: {
    kind: 'parsed',
    parse: String,
    variadic: ',',
    optional: true,
    brief: "Buckets to look through: the key's, and those that copies went to; by default all at the store",
  },
  parallel: {
    kind: 'parsed',
    parse: wholeNumber(1, 256),
    default: '16',
    brief: 'Objects at a time',
    placeholder: 'N',
  },
  json: { kind: 'boolean', default: false, withNegated: false, brief: 'Print the report as JSON' },
} as const

export interface KeyUseFlags extends SettingsFlags {
  readonly tenant: string
  readonly buckets?: readonly string[]
  readonly parallel: number
  readonly json: boolean
}
