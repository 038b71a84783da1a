import { buildCommand } from '@stricli/core'
import { CannotStart } from '../cannot-start.ts'
import { askerFlags, one, signFlags } from './parameters.ts'
import { dryRunFlag as dryRun } from './reach-flags.ts'

/** What an officer or delegate has done at their own signed word. */

export const ticket = buildCommand({
  docs: { brief: "Make a one-time ticket for a proxy's operator" },
  parameters: {
    flags: {
      ...signFlags,
      dryRun,
      buckets: { kind: 'parsed', parse: String, variadic: ',', brief: 'Buckets; * for all' },
    },
    positional: one('Tenant', 'TENANT'),
  },
  loader: async () => (await import('./requests.ts')).ticket,
})
export const token = buildCommand({
  docs: { brief: 'Make a token for a script' },
  parameters: {
    flags: {
      ...signFlags,
      dryRun,
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
  loader: async () => (await import('./requests.ts')).token,
})

export const revokeToken = buildCommand({
  docs: { brief: 'End a token at once' },
  parameters: { flags: { ...signFlags, dryRun }, positional: one('Its id, as --json showed it', 'ID') },
  loader: async () => (await import('./requests.ts')).revokeToken,
})
export const order = buildCommand({
  docs: { brief: "Enter an authority's order into the register" },
  parameters: {
    flags: { ...signFlags, dryRun },
    positional: one('JSON with authority, legalBase, reach, document, tenant, legalBar', 'FILE'),
  },
  loader: async () => (await import('./requests.ts')).order,
})
export const showOrder = buildCommand({
  docs: { brief: 'Show an order of the register, and its signed answer' },
  parameters: { flags: signFlags, positional: one("SHA-256 of the order's document", 'ORDER') },
  loader: async () => (await import('./requests.ts')).showOrder,
})
export const liftBar = buildCommand({
  docs: { brief: 'Tell the customer of an order, now that no law forbids it any more' },
  parameters: {
    flags: { ...signFlags, dryRun },
    positional: one("SHA-256 of the order's document", 'ORDER'),
  },
  loader: async () => (await import('./requests.ts')).liftBar,
})
const day = (brief: string) => ({ kind: 'parsed', parse: parseDay, brief, placeholder: 'DATE' }) as const
export const transparency = buildCommand({
  docs: { brief: 'Count the orders of a time in a signed report, for publication' },
  parameters: {
    flags: {
      ...signFlags,
      dryRun,
      from: day('First day, as 2026-01-01 (UTC)'),
      to: day('First day no longer counted'),
    },
  },
  loader: async () => (await import('./requests.ts')).transparency,
})
export const enrolment = buildCommand({
  docs: { brief: 'Print the parameters of the proposal that admits a proxy, for --params' },
  parameters: { flags: askerFlags, positional: one("The proxy's fingerprint", 'FINGERPRINT') },
  loader: async () => (await import('./rotation.ts')).enrolment,
})

function parseDay(text: string): Date {
  const day = new Date(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime())) return day
  throw new CannotStart(`"${text}" is no day. Write it as 2026-01-31.`, 2)
}

function parseScope(text: string): 'operator' | 'rotate' | 'auditor' {
  if (text === 'operator' || text === 'rotate' || text === 'auditor') return text
  throw new CannotStart('A token has the scope operator, rotate or auditor.', 2)
}
