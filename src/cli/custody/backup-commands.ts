import { buildCommand } from '@stricli/core'
import { one, text } from './parameters.ts'
import { dryRunFlag as dryRun, reachFlags } from './reach-flags.ts'

/** `treuhand custodian backup`, `restore`, `replay`. */

/** Of what runs beside no custodian. */
const offline = {
  config: text("The custodian's configuration; it must not be running", 'FILE'),
  log: text("The log's verifier key, from the genesis document", 'KEY'),
  json: reachFlags.json,
  dryRun,
} as const

export const backupCommand = buildCommand({
  docs: { brief: 'Back the registry up to the configured folder, sealed to the backup key' },
  parameters: {
    flags: {
      ...reachFlags,
      sign: { ...text('SSH key of an officer or delegate', 'KEY'), optional: true },
      tokenFile: { ...text('Or a file of mode 0600 with an operator token', 'FILE'), optional: true },
      dryRun,
    },
  },
  loader: async () => (await import('./backup.ts')).backup,
})

export const restoreCommand = buildCommand({
  docs: { brief: 'Put a backup into a new, empty registry' },
  parameters: {
    flags: {
      ...offline,
      key: text('The private backup key', 'FILE'),
      mirror: { ...text("The customer's mirror of the log, for what came after", 'FOLDER'), optional: true },
    },
    positional: one('The backup', 'FILE'),
  },
  loader: async () => (await import('./backup.ts')).restore,
})

export const replayCommand = buildCommand({
  docs: { brief: 'Take what a restored registry lacks from a mirror of the log' },
  parameters: { flags: offline, positional: one("The customer's mirror", 'FOLDER') },
  loader: async () => (await import('./backup.ts')).replay,
})
