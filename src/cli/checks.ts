import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { Config } from '../config/schema.ts'
import { openPathRegistry } from '../registry/path/registry.ts'
import { chooseEngine } from '../seal/engines.ts'
import { StoreError } from '../store/errors.ts'
import { openS3Store, UNPROBED } from '../store/s3/open.ts'
import { CannotStart } from './cannot-start.ts'
import { firstLine, notEnrolled } from './custodian.ts'
import { type DataFolder, openDataFolder, pathStoreKey } from './data-folder.ts'
import { readSecretFile } from './files.ts'
import { configuredHalf } from './half.ts'
import { s3Settings } from './open-store.ts'

/** One thing to look at. It changes nothing, here or at the store or custodian. */
export interface Check {
  readonly about: string
  /**
   * @returns a sentence on what was found
   * @throws what `explain` makes a sentence of; and Doubtful for what works, and should not stay so
   */
  look(config: Config): string | Promise<string>
}

/** It works, and somebody should do something about it. */
export class Doubtful extends Error {
  override readonly name = 'Doubtful'
}

/** In the order in which a request needs them. */
export const CHECKS: readonly Check[] = [
  { about: 'machine', look: machine },
  { about: 'engine', look: ({ aead }) => sentence(chooseEngine(aead).why) },
  { about: 'data', look: data },
  { about: 'access keys', look: accessKeys },
  { about: 'keys', look: keys },
  { about: 'store', look: store },
  { about: 'listener', look: listener },
]

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

function machine(): string {
  if (process.platform !== 'linux')
    return 'Swap and core dumps are not looked at on this system; turn both off.'
  const swaps = readFileSync('/proc/swaps', 'utf8').trim().split('\n').length - 1
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const cores = !/^Max core file size +0 +0 /m.test(limits)
  const open = [swaps > 0 && 'swap is on', cores && 'core dumps are allowed'].filter(Boolean)
  if (open.length > 0)
    throw new Doubtful(
      `${sentence(open.join(' and ')).slice(0, -1)}, so keys can reach a disk (docs/operations.md, "Hardening").`,
    )
  return 'No swap, no core dumps.'
}

/** Below this a disk is as good as full. */
const ROOM = 2 ** 30

function data(config: Config): string {
  const folder = foundFolder(config)
  if (folder === undefined) return `${config.data} is not there; the first start makes it.`
  readSecretFile(folder.credentials)
  return `${folder.path} is ours. ${spaceIn(folder.path)}`
}

/** @throws Doubtful */
function spaceIn(path: string): string {
  const { bavail, bsize } = statfsSync(path)
  const free = `${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free there.`
  if (bavail * bsize < ROOM) throw new Doubtful(`${path}: only ${free} Make room.`)
  return free
}

/** The data folder, without making one. */
function foundFolder({ data }: Config): DataFolder | undefined {
  return existsSync(data) ? openDataFolder(data) : undefined
}

async function accessKeys(config: Config): Promise<string> {
  const folder = foundFolder(config)
  if (folder === undefined || !existsSync(folder.pathStore)) return 'The first start makes one.'
  const registry = await openPathRegistry({ file: folder.pathStore, key: pathStoreKey(folder) })
  try {
    const all = await registry.accessKeys.list()
    const ended = all.filter(({ expires }) => expires && expires.getTime() <= Date.now()).length
    return `${all.length} are known, of which ${ended} have expired.`
  } finally {
    await registry.close()
  }
}

async function keys(config: Config): Promise<string> {
  if (config.keys.kind === 'custodian') return await custodian(config.keys, config)
  const folder = foundFolder(config)
  if (config.keys.kind === 'passphrase') {
    firstLine(config.keys.file)
    return `The passphrase is in ${config.keys.file}.`
  }
  const root = config.keys.file ?? folder?.rootKey
  const found = root === undefined ? undefined : readSecretFile(root)
  if (found) {
    found.fill(0)
    throw new Doubtful(
      `The root lies in ${root}, beside the data: for looking, not for use (docs/custody.md).`,
    )
  }
  if (folder === undefined || !existsSync(folder.custodyStore)) return 'The first start makes a root.'
  throw new CannotStart(`The root ${root} is missing. Without it nothing opens: bring its copy.`)
}

type CustodianKeys = Extract<Config['keys'], { kind: 'custodian' }>

/** A certificate is renewed at half of its time: one that is so near its end was not. */
const NEAR_ITS_END = 7 * 86_400_000

async function custodian({ urls, credentials: folder }: CustodianKeys, config: Config): Promise<string> {
  if (!existsSync(folder)) throw notEnrolled(folder)
  const half = configuredHalf(config)
  const { readCredentials } = await import('../keys/remote/credentials.ts')
  const { reach } = await import('../keys/remote/reach.ts')
  const credentials = await readCredentials(folder)
  const answers = await Promise.allSettled(urls.map(url => reach(url, credentials)))
  const serving = urls.filter((_, place) => answers[place]!.status === 'fulfilled')
  const refused = answers.find(answer => answer.status === 'rejected')
  if (serving.length === 0 && refused) throw refused.reason
  const ends = new Date(new X509Certificate(credentials.certificate).validTo)
  const found = `${serving.join(' and ')} would lease to this proxy; its certificate ends ${ends.toISOString().slice(0, 10)}.`
  if (ends.getTime() - Date.now() < NEAR_ITS_END)
    throw new Doubtful(`${found} It should have been renewed by now: look for certificate-not-renewed.`)
  return half ? `${found} The customer's half is ${half.fingerprint}.` : found
}

async function store({ store: its, data: folder }: Config): Promise<string> {
  if (its.kind === 'directory') {
    const path = its.path ?? folder
    return `Files under ${path}. ${spaceIn(existsSync(path) ? path : dirname(path))}`
  }
  const opened = await openS3Store({ ...s3Settings(its), findings: UNPROBED })
  try {
    return `${its.endpoint} takes the key pair and shows ${(await opened.listBuckets()).length} buckets.`
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.code === 'RequestTimeTooSkewed')
      throw new CannotStart("The store's clock and this machine's are apart. Set this machine's.", 3)
    if (error.status !== 403) throw new CannotStart(`${its.endpoint} answers with ${error.code}.`, 8)
    throw new Doubtful(`${its.endpoint} answers, and does not let this key pair list buckets.`)
  } finally {
    await opened.close()
  }
}

/** Whether a program listens where the proxy would; which one, it cannot know. */
async function listener({ listen: { host, port } }: Config): Promise<string> {
  const answers = await new Promise<boolean>(resolve => {
    const socket = connect({ host, port, timeout: 2_000 })
    const end = (found: boolean) => () => {
      socket.destroy()
      resolve(found)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
  return answers ? `Something listens on ${host}:${port}.` : `Nothing listens on ${host}:${port}.`
}
