import { buildCommand } from '@stricli/core'
import { one, signFlags, text } from './parameters.ts'
import { dryRunFlag, idempotencyFlag, reachFlags, waitFlag } from './reach-flags.ts'

/** `treuhand erase`, `treuhand custodian erasure`: the destruction of group keys, and its certificate. */

export const eraseCommand = buildCommand({
  docs: {
    brief: 'Propose to destroy group keys, and with them whatever they sealed (crypto-erasure)',
    fullDescription:
      'Takes two officers, two delegates and a day. What comes of it is a signed statement in the log. Exit 5: it awaits approval.',
  },
  parameters: {
    flags: {
      ...reachFlags,
      tokenFile: { ...text("File of mode 0600 with an operator's token", 'FILE'), optional: true },
      sign: { ...signFlags.sign, optional: true },
      reason: text('Why, for everybody who reads the log', 'TEXT'),
      keys: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        brief: "Ids of group keys (treuhand epochs); * for all of the tenant's, and its KEKs",
      },
      dryRun: dryRunFlag,
      wait: waitFlag,
      idempotencyKey: idempotencyFlag,
    },
    positional: one('Tenant', 'TENANT'),
  },
  loader: async () => (await import('./erase.ts')).erase,
})
export const erasureCommand = buildCommand({
  docs: {
    brief: 'Have it certified that nothing is left of destroyed keys, once the last backup has expired',
    fullDescription: 'Exit 0: certified; 5: backups may still hold them.',
  },
  parameters: { flags: { ...signFlags, dryRun: dryRunFlag }, positional: one("The proposal's digest", 'ID') },
  loader: async () => (await import('./erase.ts')).certify,
})
