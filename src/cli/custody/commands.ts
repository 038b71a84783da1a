import { buildCommand, buildRouteMap } from '@stricli/core'
import { ACTS, type Act, DEFAULT_POLICY } from '../../custody/approvals/policy.ts'
import { CannotStart } from '../cannot-start.ts'
import { backupCommand, replayCommand, restoreCommand } from './backup-commands.ts'
import { erasureCommand } from './erase-commands.ts'
import { keysCommands } from './keys-commands.ts'
import { askerFlags, one, signFlags, text } from './parameters.ts'
import { dryRunFlag as dryRun, idempotencyFlag, waitFlag as wait } from './reach-flags.ts'
import {
  enrolment,
  liftBar,
  order,
  revokeToken,
  showOrder,
  ticket,
  token,
  transparency,
} from './request-commands.ts'
import { agree, ceremony, deal, holderKey, shareCommands, unsealAtWord } from './seal-commands.ts'

/** `treuhand custodian`: what officers and delegates run. */

const wishFlags = {
  ...signFlags,
  tenant: text('Tenant that it concerns; * for all', 'TENANT'),
  reason: text('Why, for everybody who reads the log', 'TEXT'),
  params: { ...text('JSON file with what the act needs (docs/custody.md)', 'FILE'), optional: true },
  dryRun,
} as const

/** What takes more than one person; a custodian says itself which of it it carries out. */
const PROPOSABLE = ACTS.filter(act => !DEFAULT_POLICY[act].alone)

const serve = buildCommand({
  docs: { brief: 'Run a custodian, or a standby that waits to become the active one' },
  parameters: { flags: { config: text('Its configuration (docs/custody.md)', 'FILE') } },
  loader: async () => (await import('./serve.ts')).serve,
})
const status = buildCommand({
  docs: { brief: 'Say what state the custodian is in; ends with 4 unless it is unsealed' },
  parameters: { flags: askerFlags },
  loader: async () => (await import('./rotation.ts')).status,
})
const propose = buildCommand({
  docs: { brief: 'Propose an act that takes more than one person' },
  parameters: {
    flags: { ...wishFlags, wait, idempotencyKey: idempotencyFlag },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: parseAct, brief: PROPOSABLE.join(', '), placeholder: 'ACT' }],
    },
  },
  loader: async () => (await import('./decisions.ts')).propose,
})
const decision = (kind: 'approve' | 'reject' | 'veto', brief: string) =>
  buildCommand({
    docs: { brief },
    parameters: { flags: { ...signFlags, dryRun }, positional: one("The proposal's digest", 'ID') },
    loader: async () => {
      const { decide } = await import('./decisions.ts')
      return async (flags: Parameters<typeof decide>[1], id: string) => await decide(kind, flags, id)
    },
  })
const execute = buildCommand({
  docs: { brief: 'Carry out an approved proposal' },
  parameters: { flags: { ...askerFlags, dryRun, wait }, positional: one("The proposal's digest", 'ID') },
  loader: async () => (await import('./decisions.ts')).execute,
})
const alone = (act: 'seal' | 'kill' | 'revoke' | 'tighten' | 'suspend', brief: string) =>
  buildCommand({
    docs: { brief },
    parameters: { flags: wishFlags },
    loader: async () => {
      const decisions = await import('./decisions.ts')
      return async (flags: Parameters<typeof decisions.alone>[1]) => await decisions.alone(act, flags)
    },
  })
export const custodianCommands = buildRouteMap({
  docs: { brief: 'Run a custodian, and decide over it' },
  routes: {
    serve,
    status,
    'holder-key': holderKey,
    ceremony,
    agree,
    deal,
    unseal: unsealAtWord,
    share: shareCommands,
    propose,
    approve: decision('approve', 'Approve a proposal'),
    reject: decision('reject', 'Reject a proposal'),
    veto: decision('veto', 'Veto a proposal, as a delegate of the customer'),
    execute,
    erasure: erasureCommand,
    keys: keysCommands,
    seal: alone('seal', 'Make the custodian forget its keys, at one word'),
    kill: alone('kill', 'Stop all keys, or a tenant, at one word'),
    revoke: alone('revoke', "End a proxy's right to keys, at one word"),
    tighten: alone('tighten', "Tighten a tenant's settings, at one word"),
    suspend: alone('suspend', 'Let group keys be leased to nobody, at one word'),
    ticket,
    enrolment,
    order,
    'show-order': showOrder,
    'lift-bar': liftBar,
    transparency,
    token,
    'revoke-token': revokeToken,
    backup: backupCommand,
    restore: restoreCommand,
    replay: replayCommand,
  },
})

function parseAct(text: string): Act {
  const act = PROPOSABLE.find(known => known === text)
  if (act) return act
  throw new CannotStart(`"${text}" cannot be proposed here. Propose one of: ${PROPOSABLE.join(', ')}.`, 2)
}
