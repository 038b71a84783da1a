import { buildCommand, buildRouteMap } from '@stricli/core'
import { ESCORT_ACTIONS, type EscortAction } from '../../custody/escorts/record.ts'
import { CannotStart } from '../cannot-start.ts'
import { dryRunFlag as dryRun, idempotencyFlag, reachFlags, waitFlag } from './reach-flags.ts'

/** `treuhand escort`: letting somebody in for some hours, under the eyes of an officer or delegate. */

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder }) as const
const list = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, variadic: ',', brief, placeholder }) as const
const one = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, brief, placeholder }] }) as const
const signFlags = {
  ...reachFlags,
  sign: text('SSH key to sign with, as for ssh-keygen -Y sign -f', 'KEY'),
} as const
const ESCORT = one('Name of the escorted access, TH0…', 'ESCORT')

const key = buildCommand({
  docs: { brief: 'Make the key that a secret is sealed to: run by whoever is to be let in' },
  parameters: {
    flags: { json: reachFlags.json, dryRun },
    positional: one('Where to write it', 'FILE'),
  },
  loader: async () => (await import('./escort.ts')).makeKey,
})

const propose = buildCommand({
  docs: { brief: 'Propose to let somebody in; others approve it by treuhand custodian approve' },
  parameters: {
    flags: {
      ...signFlags,
      tenant: text('Tenant whose objects these are', 'TENANT'),
      reason: text('Why, for everybody who reads the log', 'TEXT'),
      grantee: text('Who is let in: a staff number rather than a name, as the log keeps it', 'WHO'),
      recipient: text('The public key that treuhand escort key printed for them', 'KEY'),
      escort: text('Fingerprint of the officer or delegate who watches, SHA256:…', 'FINGERPRINT'),
      bucket: text('The one bucket', 'BUCKET'),
      prefixes: list('Beginnings of object names', 'PREFIXES'),
      actions: {
        kind: 'parsed',
        parse: parseAction,
        variadic: ',',
        brief: `What may be done: ${ESCORT_ACTIONS.join(', ')}`,
        placeholder: 'ACTIONS',
      },
      networks: list('Networks that the key counts from, 203.0.113.0/24', 'NETWORKS'),
      minutes: {
        kind: 'parsed',
        parse: Number,
        brief: 'Minutes that it lasts from when it is carried out, 480 at most',
      },
      dryRun,
      wait: waitFlag,
      idempotencyKey: idempotencyFlag,
    },
  },
  loader: async () => (await import('./escort.ts')).proposeEscort,
})

const fetchKey = buildCommand({
  docs: {
    brief: 'Fetch the access key, into an AWS credentials file: run by whoever is let in',
    fullDescription: 'Exit 0: there; 7: not yet, or ended; 9: sealed to another key.',
  },
  parameters: {
    flags: {
      ...reachFlags,
      key: text('File that treuhand escort key wrote', 'FILE'),
      profile: { ...text('Profile that it becomes', 'NAME'), default: 'escort' },
      dryRun,
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'Name of the escorted access, TH0…', placeholder: 'ESCORT' },
        { parse: String, brief: 'Credentials file to add it to', placeholder: 'CREDENTIALS' },
      ],
    },
  },
  loader: async () => (await import('./escort.ts')).fetchKey,
})

const watch = buildCommand({
  docs: {
    brief: 'Sit at the screen: see each request before it is served, and end all at a key',
    fullDescription:
      'Type e and Enter to end the access. Ctrl-C leaves the screen; nothing is served then until the escort is back. Exit 0: it has ended, or you left.',
  },
  parameters: {
    flags: {
      ...signFlags,
      ask: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Let each request through by Enter, within 15 seconds',
      },
    },
    positional: ESCORT,
  },
  loader: async () => (await import('./escort-screen.ts')).watch,
})

const end = buildCommand({
  docs: { brief: 'End an escorted access at once, at one word' },
  parameters: { flags: { ...signFlags, dryRun }, positional: ESCORT },
  loader: async () => (await import('./escort.ts')).endEscort,
})

const listed = buildCommand({
  docs: { brief: 'List escorted accesses, those that go on first' },
  parameters: { flags: signFlags },
  loader: async () => (await import('./escort.ts')).listEscorts,
})

export const escortCommands = buildRouteMap({
  docs: { brief: 'Let somebody in for some hours, under the eyes of an officer or delegate' },
  routes: { key, propose, fetch: fetchKey, watch, end, list: listed },
})

function parseAction(text: string): EscortAction {
  const action = ESCORT_ACTIONS.find(known => known === text)
  if (action) return action
  throw new CannotStart(`"${text}" is no action of an escort. There are ${ESCORT_ACTIONS.join(', ')}.`, 2)
}
