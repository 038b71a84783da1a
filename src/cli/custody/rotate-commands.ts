import { buildCommand, buildRouteMap } from '@stricli/core'
import { argument, one, signFlags, text, tokenFlags } from './parameters.ts'
import { dryRunFlag as dryRun, idempotencyFlag } from './reach-flags.ts'

/** `treuhand rotate`, `treuhand epochs` */

const rotateKek = buildCommand({
  docs: {
    brief: 'Give a tenant a new KEK; its group keys are wrapped anew, no object is touched',
    fullDescription:
      'With --epoch it gives one bucket a new group key within the month. Proxies seal with it once they renew their lease.',
  },
  parameters: {
    flags: {
      ...tokenFlags,
      epoch: { ...text('Give this bucket a new group key instead', 'BUCKET'), optional: true },
      dryRun,
      idempotencyKey: idempotencyFlag,
    },
    positional: one('Tenant', 'TENANT'),
  },
  loader: async () => (await import('./rotation.ts')).rotate,
})
const rotateRoot = buildCommand({
  docs: {
    brief: 'Propose a new root, under the seal in force or another; old shares open nothing then',
    fullDescription:
      'Once it is approved and has waited: treuhand custodian deal, share prove, share unseal. A seal without holders changes when the proposal is carried out.',
  },
  parameters: {
    flags: {
      ...signFlags,
      reason: text('Why, for everybody who reads the log', 'TEXT'),
      seal: { ...text('Another kind of seal, offered as nextSeal', 'KIND'), optional: true },
      dryRun,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ ...argument('JSON with needed and parties', 'PLAN'), optional: true }],
    },
  },
  loader: async () => (await import('./agreement.ts')).rotateRoot,
})
export const rotateCommands = buildRouteMap({
  docs: { brief: 'Give a tenant a new KEK, a bucket a new group key, or the custodian a new root' },
  routes: { kek: rotateKek, root: rotateRoot },
  defaultCommand: 'kek',
})
export const epochsCommand = buildCommand({
  docs: { brief: "List a tenant's group keys and their states" },
  parameters: { flags: tokenFlags, positional: one('Tenant', 'TENANT') },
  loader: async () => (await import('./rotation.ts')).epochs,
})
