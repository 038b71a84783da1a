/** How a person's command reaches the custodian. */
export interface ReachFlags {
  /** `https://host:port` of the officers' listener. */
  readonly custodian: string
  /** PEM by which it is known: its authority's, or before the ceremony its own certificate. */
  readonly authority: string
  /** Print the answer as JSON. */
  readonly json?: boolean
}

/** Of commands that change something. */
export interface DryRunFlags {
  readonly dryRun?: boolean
}

/** Of commands that a script may have to run again. */
export interface RepeatFlags {
  /** Under which calls made again do nothing and are answered as before. */
  readonly idempotencyKey?: string
}

/** What an officer need not type again at each command; neither is a secret. */
function fromEnvironment(name: string): object {
  const value = process.env[name]
  return value ? { default: value } : {}
}

export const reachFlags = {
  custodian: {
    kind: 'parsed',
    parse: String,
    brief: "Officers' listener, https://HOST:PORT; or TREUHAND_CUSTODIAN in the environment",
    placeholder: 'URL',
    ...fromEnvironment('TREUHAND_CUSTODIAN'),
  },
  authority: {
    kind: 'parsed',
    parse: String,
    brief:
      "PEM file with the custodian's authority; before the ceremony, its own certificate; or TREUHAND_AUTHORITY",
    placeholder: 'FILE',
    ...fromEnvironment('TREUHAND_AUTHORITY'),
  },
  json: { kind: 'boolean', optional: true, withNegated: false, brief: 'Print the answer as JSON' },
} as const

/** For every command that changes something. */
export const dryRunFlag = {
  kind: 'boolean',
  optional: true,
  withNegated: false,
  brief: 'Check everything, say what would be done, and change nothing',
} as const

/** For commands of scripts that may have to ask again. */
export const idempotencyFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  brief: 'Made again under the same key within a day, it does nothing and answers as before',
  placeholder: 'KEY',
} as const

/** For commands that can wait until a proposal is carried out. */
export const waitFlag = {
  kind: 'parsed',
  parse: Number,
  optional: true,
  brief: 'Wait so many minutes until it is carried out; ends with 5 or 6 where it is not by then',
  placeholder: 'MINUTES',
} as const
