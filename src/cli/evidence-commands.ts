import { buildCommand, buildRouteMap } from '@stricli/core'
import { dryRunFlag } from './custody/reach-flags.ts'

/** `treuhand log`, `treuhand evidence`, `treuhand witness`: what a customer or an auditor runs, without the custodian. */

const trustFlags = {
  log: { kind: 'parsed', parse: String, brief: 'Verifier key of the log, as the genesis document has it' },
  witness: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Verifier key of the witness, whose cosignature is then demanded',
  },
  json: { kind: 'boolean', default: false, brief: 'Answer in JSON' },
} as const

const verifyCommand = buildCommand({
  docs: {
    brief: 'Verify a mirrored log offline: signatures, every tile, every entry',
    fullDescription: 'Exit 0: verified; 9: not, with the first thing that is wrong.',
  },
  parameters: {
    flags: {
      ...trustFlags,
      since: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Files with checkpoints that were kept: the log must have grown out of each',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Folder of the mirror', placeholder: 'FOLDER' }],
    },
  },
  loader: async () => (await import('./evidence.ts')).verifyMirror,
})

const evidenceCommand = buildCommand({
  docs: {
    brief:
      'Verify a statement of the custodian offline: who made it, that the log holds it, when the witness saw it',
    fullDescription: 'Exit 0: verified; 9: not.',
  },
  parameters: {
    flags: trustFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Evidence file', placeholder: 'FILE' }],
    },
  },
  loader: async () => (await import('./evidence.ts')).verifyEvidenceFile,
})

const extractCommand = buildCommand({
  docs: {
    brief: 'Write out every statement in a mirrored log as a file of evidence that needs no custodian',
    fullDescription:
      'The log is verified first. Exit 0: written; 9: the mirror does not verify, and nothing is.',
  },
  parameters: {
    flags: { ...trustFlags, dryRun: dryRunFlag },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'Folder of the mirror', placeholder: 'MIRROR' },
        { parse: String, brief: 'Where the files go', placeholder: 'FOLDER' },
      ],
    },
  },
  loader: async () => (await import('./evidence.ts')).extractStatements,
})

const mirrorCommand = buildCommand({
  docs: {
    brief: "Bring a mirror up to the custodian's newest head; what did not grow out of the mirror is refused",
    fullDescription: 'Run it each minute. Exit 0: up to date; 4: the log is forked, and nothing was written.',
  },
  parameters: {
    flags: {
      ...trustFlags,
      dryRun: dryRunFlag,
      authority: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: "PEM file with the custodian's authority",
      },
      tokenFile: {
        kind: 'parsed',
        parse: String,
        brief: "File of mode 0600 with an auditor's token (treuhand custodian token auditor)",
        placeholder: 'FILE',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'As https://custodian.example:8702/v1/log', placeholder: 'URL' },
        { parse: String, brief: 'Folder of the mirror', placeholder: 'FOLDER' },
      ],
    },
  },
  loader: async () => (await import('./evidence.ts')).mirrorLog,
})

export const logCommands = buildRouteMap({
  docs: { brief: "Verify the custodian's log, without the custodian" },
  routes: { verify: verifyCommand, mirror: mirrorCommand },
})

export const evidenceCommands = buildRouteMap({
  docs: { brief: 'Verify what the custodian states' },
  routes: { verify: evidenceCommand, extract: extractCommand },
})

export const witnessCommand = buildCommand({
  docs: {
    brief: 'Run a witness: it cosigns a log only as it grows, and alarms when it forks or falls silent',
    fullDescription:
      'Run by the customer, apart from the custodian. It makes its key at the first start and prints its verifier key.',
  },
  parameters: {
    flags: {
      name: { kind: 'parsed', parse: String, brief: 'Name in its cosignatures, as customer.example/witness' },
      data: { kind: 'parsed', parse: String, brief: 'Folder for its key and the heads it has seen' },
      logs: { kind: 'parsed', parse: String, variadic: ',', brief: 'Verifier keys of the logs it knows' },
      host: { kind: 'parsed', parse: String, default: '127.0.0.1', brief: 'Address to listen on' },
      port: { kind: 'parsed', parse: Number, default: '8703', brief: 'Port to listen on; 0 for any' },
      tlsKey: { kind: 'parsed', parse: String, optional: true, brief: 'PEM file with its TLS key' },
      tlsCertificate: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'PEM file with its TLS certificate',
      },
    },
  },
  loader: async () => (await import('./witness.ts')).runWitness,
})
