import { buildCommand, buildRouteMap } from '@stricli/core'
import { dryRunFlag } from './custody/reach-flags.ts'

const json = { kind: 'boolean', default: false, withNegated: false, brief: 'Answer in JSON' } as const
const file = (brief: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, brief, placeholder: 'FILE' }] }) as const

/** `treuhand half`: the customer's half of a split tenant's keys, which the trustee never has. */
export const halfCommands = buildRouteMap({
  docs: { brief: "Make or check the customer's half of a split tenant's keys" },
  routes: {
    new: buildCommand({
      docs: {
        brief: 'Make a half, of mode 0600, and print its fingerprint',
        fullDescription: "On the customer's side, once for a tenant. Whoever loses it loses the data.",
      },
      parameters: { flags: { json, dryRun: dryRunFlag }, positional: file('Where to write it') },
      loader: async () => (await import('./half.ts')).makeHalf,
    }),
    fingerprint: buildCommand({
      docs: { brief: 'Print the fingerprint of a half, by which the custodian knows it' },
      parameters: { flags: { json }, positional: file('The half') },
      loader: async () => (await import('./half.ts')).showHalf,
    }),
  },
})
