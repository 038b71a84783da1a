import { buildCommand, buildRouteMap } from '@stricli/core'
import { ACTS, type Act, DEFAULT_POLICY } from '../../custody/approvals/policy.ts'
import { CannotStart } from '../cannot-start.ts'
import { backupCommand, replayCommand, restoreCommand } from './backup-commands.ts'
import { erasureCommand } from './erase-commands.ts'
import { keysCommands } from './keys-commands.ts'
import { idempotencyFlag, reachFlags, waitFlag as wait } from './reach-flags.ts'

/** `treuhand custodian`, `rotate`, `epochs`: what officers, delegates and scripts run. */

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder }) as const
const argument = (brief: string, placeholder: string) => ({ parse: String, brief, placeholder }) as const
const one = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [argument(brief, placeholder)] }) as const

const signFlags = {
  ...reachFlags,
  sign: text('SSH key to sign with, as for ssh-keygen -Y sign -f', 'KEY'),
} as const
const dryRun = {
  kind: 'boolean',
  optional: true,
  withNegated: false,
  brief: 'Show what would be done, and do nothing',
} as const
const wishFlags = {
  ...signFlags,
  tenant: text('Tenant that it concerns; * for all', 'TENANT'),
  reason: text('Why, for everybody who reads the log', 'TEXT'),
  params: { ...text('JSON file with what the act needs (docs/custody.md)', 'FILE'), optional: true },
  dryRun,
} as const
const tokenFlags = { ...reachFlags, tokenFile: text('File of mode 0600 with the token', 'FILE') } as const

/** What takes more than one person; a custodian says itself which of it it carries out. */
const PROPOSABLE = ACTS.filter(act => !DEFAULT_POLICY[act].alone)

const serve = buildCommand({
  docs: { brief: 'Run a custodian, or a standby that waits to become the active one' },
  parameters: { flags: { config: text('Its configuration (docs/custody.md)', 'FILE') } },
  loader: async () => (await import('./serve.ts')).serve,
})
const status = buildCommand({
  docs: { brief: 'Say what state the custodian is in; ends with 4 unless it is unsealed' },
  parameters: { flags: reachFlags },
  loader: async () => (await import('./rotation.ts')).status,
})
const holderKey = buildCommand({
  docs: { brief: 'Make the key that a share is to be sealed to' },
  parameters: { flags: { json: reachFlags.json }, positional: one('Where to write it', 'FILE') },
  loader: async () => (await import('./shares.ts')).makeHolderKey,
})
const ceremony = buildCommand({
  docs: { brief: 'Deal a new root to its holders' },
  parameters: {
    flags: { ...reachFlags, dryRun },
    positional: {
      kind: 'tuple',
      parameters: [
        argument('JSON with plan and approvers', 'PLAN'),
        { ...argument('Where the shares go; a seal without holders has none', 'FOLDER'), optional: true },
      ],
    },
  },
  loader: async () => (await import('./shares.ts')).ceremony,
})
const agree = buildCommand({
  docs: { brief: 'Agree to a root that opens without people, in the first ceremony' },
  parameters: { flags: { ...signFlags, dryRun } },
  loader: async () => (await import('./agreement.ts')).agree,
})
const unsealAtWord = buildCommand({
  docs: { brief: 'Unseal at one word, where the seal opens without people' },
  parameters: { flags: signFlags },
  loader: async () => (await import('./agreement.ts')).unsealAtWord,
})
const deal = buildCommand({
  docs: { brief: 'Deal the shares of a new root that was approved' },
  parameters: { flags: { ...signFlags, dryRun }, positional: one('Where the shares go', 'FOLDER') },
  loader: async () => (await import('./shares.ts')).deal,
})
const share = (purpose: 'prove' | 'unseal' | 'reset', brief: string) =>
  buildCommand({
    docs: { brief },
    parameters: {
      flags: {
        ...reachFlags,
        key: { ...text("The holder's key, which a sealed share needs", 'FILE'), optional: true },
      },
      positional: one('File of the sealed share; - to type the text of a sheet', 'SHARE'),
    },
    loader: async () => {
      const { bringShare } = await import('./shares.ts')
      return async (flags: Parameters<typeof bringShare>[1], file: string) =>
        await bringShare(purpose, flags, file)
    },
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
  parameters: { flags: { ...reachFlags, dryRun, wait }, positional: one("The proposal's digest", 'ID') },
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
const ticket = buildCommand({
  docs: { brief: "Make a one-time ticket for a proxy's operator" },
  parameters: {
    flags: {
      ...signFlags,
      buckets: { kind: 'parsed', parse: String, variadic: ',', brief: 'Buckets; * for all' },
    },
    positional: one('Tenant', 'TENANT'),
  },
  loader: async () => (await import('./decisions.ts')).ticket,
})
const token = buildCommand({
  docs: { brief: 'Make a token for a script' },
  parameters: {
    flags: {
      ...signFlags,
      days: { kind: 'parsed', parse: Number, default: '30', brief: 'Days that it holds, 90 at most' },
      networks: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Only from these networks',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: parseScope, brief: 'operator, rotate or auditor', placeholder: 'SCOPE' }],
    },
  },
  loader: async () => (await import('./decisions.ts')).token,
})

const order = buildCommand({
  docs: { brief: "Enter an authority's order into the register" },
  parameters: {
    flags: signFlags,
    positional: one('JSON with authority, legalBase, reach, document, tenant, legalBar', 'FILE'),
  },
  loader: async () => (await import('./decisions.ts')).order,
})
const showOrder = buildCommand({
  docs: { brief: 'Show an order of the register, and its signed answer' },
  parameters: { flags: signFlags, positional: one("SHA-256 of the order's document", 'ORDER') },
  loader: async () => (await import('./decisions.ts')).showOrder,
})
const liftBar = buildCommand({
  docs: { brief: 'Tell the customer of an order, now that no law forbids it any more' },
  parameters: { flags: signFlags, positional: one("SHA-256 of the order's document", 'ORDER') },
  loader: async () => (await import('./decisions.ts')).liftBar,
})
const day = (brief: string) => ({ kind: 'parsed', parse: parseDay, brief, placeholder: 'DATE' }) as const
const transparency = buildCommand({
  docs: { brief: 'Count the orders of a time in a signed report, for publication' },
  parameters: {
    flags: {
      ...signFlags,
      from: day('First day, as 2026-01-01 (UTC)'),
      to: day('First day no longer counted'),
    },
  },
  loader: async () => (await import('./decisions.ts')).transparency,
})
const enrolment = buildCommand({
  docs: { brief: 'Print the parameters of the proposal that admits a proxy, for --params' },
  parameters: { flags: reachFlags, positional: one("The proxy's fingerprint", 'FINGERPRINT') },
  loader: async () => (await import('./rotation.ts')).enrolment,
})

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
    share: buildRouteMap({
      docs: { brief: 'Bring a share of the root' },
      routes: {
        prove: share('prove', 'Prove that a share is good, as the ceremony demands'),
        unseal: share('unseal', 'Bring a share to unseal the custodian'),
        reset: share('reset', 'Forget what was gathered'),
      },
    }),
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

function parseDay(text: string): Date {
  const day = new Date(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime())) return day
  throw new CannotStart(`"${text}" is no day. Write it as 2026-01-31.`, 2)
}

function parseScope(text: string): 'operator' | 'rotate' | 'auditor' {
  if (text === 'operator' || text === 'rotate' || text === 'auditor') return text
  throw new CannotStart('A token has the scope operator, rotate or auditor.', 2)
}
