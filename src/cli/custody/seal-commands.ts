import { buildCommand, buildRouteMap } from '@stricli/core'
import { argument, one, signFlags, text } from './parameters.ts'
import { dryRunFlag as dryRun, reachFlags } from './reach-flags.ts'

/** How a root comes into force and is opened: ceremonies, agreements, shares. */

export const holderKey = buildCommand({
  docs: { brief: 'Make the key that a share is to be sealed to' },
  parameters: { flags: { json: reachFlags.json, dryRun }, positional: one('Where to write it', 'FILE') },
  loader: async () => (await import('./shares.ts')).makeHolderKey,
})
export const ceremony = buildCommand({
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
export const agree = buildCommand({
  docs: { brief: 'Agree to a root that opens without people, in the first ceremony' },
  parameters: { flags: { ...signFlags, dryRun } },
  loader: async () => (await import('./agreement.ts')).agree,
})
export const unsealAtWord = buildCommand({
  docs: { brief: 'Unseal at one word, where the seal opens without people' },
  parameters: { flags: { ...signFlags, dryRun } },
  loader: async () => (await import('./agreement.ts')).unsealAtWord,
})
export const deal = buildCommand({
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
        dryRun,
        key: { ...text("The holder's key, which a sealed share needs", 'FILE'), optional: true },
      },
      positional: one('File of the sealed share; - to type the text of a sheet', 'SHARE'),
    },
    loader: async () => {
      const { bringShare } = await import('./bring-share.ts')
      return async (flags: Parameters<typeof bringShare>[1], file: string) =>
        await bringShare(purpose, flags, file)
    },
  })

export const shareCommands = buildRouteMap({
  docs: { brief: 'Bring a share of the root' },
  routes: {
    prove: share('prove', 'Prove that a share is good, as the ceremony demands'),
    unseal: share('unseal', 'Bring a share to unseal the custodian'),
    reset: share('reset', 'Forget what was gathered'),
  },
})
