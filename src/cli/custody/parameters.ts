import { reachFlags } from './reach-flags.ts'

/** How the custodian's commands name what they take. */

export const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder }) as const
export const argument = (brief: string, placeholder: string) =>
  ({ parse: String, brief, placeholder }) as const
export const one = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [argument(brief, placeholder)] }) as const
export const two = (first: ReturnType<typeof argument>, second: ReturnType<typeof argument>) =>
  ({ kind: 'tuple', parameters: [first, second] }) as const

/** Of commands that an officer or delegate signs. */
export const signFlags = {
  ...reachFlags,
  sign: text('SSH key to sign with, as for ssh-keygen -Y sign -f', 'KEY'),
} as const
/** Of commands by which a person or a script looks, or has carried out what is approved. */
export const askerFlags = {
  ...reachFlags,
  sign: { ...signFlags.sign, optional: true },
  tokenFile: { ...text('Or a file of mode 0600 with a token', 'FILE'), optional: true },
} as const
/** Of commands that a script runs with its token. */
export const tokenFlags = {
  ...reachFlags,
  tokenFile: text('File of mode 0600 with the token', 'FILE'),
} as const
