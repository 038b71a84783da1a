import { buildCommand, buildRouteMap } from '@stricli/core'
import { argument, one, signFlags, text, two } from './parameters.ts'
import { dryRunFlag as dryRun, reachFlags } from './reach-flags.ts'

/** `treuhand custodian keys`: group keys that leave the custodian, sealed to a recipient. */

const recipient = buildCommand({
  docs: {
    brief: 'Make the key that group keys are sealed to when they leave, on a machine without a network',
  },
  parameters: { flags: { json: reachFlags.json, dryRun }, positional: one('Where to write it', 'FILE') },
  loader: async () => (await import('./keys.ts')).makeRecipientKey,
})

const fetchExport = buildCommand({
  docs: { brief: 'Fetch what a proposal export-keys made; it opens for its recipient alone' },
  parameters: {
    flags: { ...signFlags, dryRun },
    positional: two(argument("The proposal's digest", 'ID'), argument('Where to write it', 'FILE')),
  },
  loader: async () => (await import('./keys.ts')).fetchKeys,
})

const deposit = buildCommand({
  docs: {
    brief: 'Fetch the group keys that a tenant deposits with its offline key; they open for that alone',
  },
  parameters: {
    flags: { ...signFlags, dryRun },
    positional: two(argument('Tenant', 'TENANT'), argument('Where to write it', 'FILE')),
  },
  loader: async () => (await import('./keys.ts')).fetchDeposit,
})

const open = buildCommand({
  docs: {
    brief: "Verify an export and open its keys with the recipient's key, offline",
    fullDescription: 'Exit 0: opened; 9: not signed by this log, or not sealed to this recipient.',
  },
  parameters: {
    flags: {
      key: text("The recipient's private key", 'FILE'),
      log: text('Verifier key of the log, as the genesis document has it', 'KEY'),
      json: reachFlags.json,
      dryRun,
    },
    positional: two(argument('The export', 'EXPORT'), argument('Where to write the keys', 'FILE')),
  },
  loader: async () => (await import('./keys.ts')).openKeys,
})

export const keysCommands = buildRouteMap({
  docs: { brief: 'Take group keys out of the custodian, sealed to a recipient' },
  routes: { recipient, fetch: fetchExport, deposit, open },
})
