import { buildCommand } from '@stricli/core'
import { CannotStart } from './cannot-start.ts'
import { keyUseFlags } from './key-use-flags.ts'

/** `treuhand where-used` and `treuhand reencrypt`: what the customer runs when a group key is not trusted any more. */

const theKey = {
  kind: 'tuple',
  parameters: [
    { parse: parseKeyId, brief: 'Id of a group key, as treuhand epochs shows it', placeholder: 'KEY' },
  ],
} as const

export const whereUsedCommand = buildCommand({
  docs: {
    brief: 'Say which objects a group key opens',
    fullDescription:
      'By the dates of a listing: no fewer than there are. With --exact by a HEAD of each object: those that name the key, and copies that share a DEK with one.',
  },
  parameters: {
    flags: {
      ...keyUseFlags,
      exact: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Look at each object, and name them',
      },
    },
    positional: theKey,
  },
  loader: async () => (await import('./where-used.ts')).whereUsed,
})

export const reencryptCommand = buildCommand({
  docs: {
    brief: 'Write all objects that a group key opens anew, under new DEKs and the current key',
    fullDescription:
      'Says first what it will take. Objects that clients write meanwhile stay as the clients wrote them. Killed, it goes on where it was when it is run again. Exit 0: nothing is left under the key; 6: some is, and the report names it.',
  },
  parameters: {
    flags: {
      ...keyUseFlags,
      dryRun: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Say what it would take, and do nothing',
      },
      yes: { kind: 'boolean', default: false, withNegated: false, brief: 'Do not ask on a terminal' },
    },
    positional: theKey,
  },
  loader: async () => (await import('./reencrypt.ts')).reencrypt,
})

/** 16 bytes. */
function parseKeyId(text: string): Uint8Array {
  if (/^[0-9a-f]{32}$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  throw new CannotStart(`"${text}" is no id of a group key, which has 32 digits of 0-9 and a-f.`, 2)
}
