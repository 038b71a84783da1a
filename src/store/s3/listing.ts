import type {
  ListedDeleteMarker,
  ListedObject,
  ListedUpload,
  ListedVersion,
  Listing,
  Store,
  UploadListing,
  VersionListing,
} from '../store.ts'
import { broken, readBoolean, readCount, readDate, readOwner } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import { readETag } from './object-headers.ts'
import type { Query } from './targets.ts'
import { plaintextKind } from './trailing-checksum.ts'
import { readXml } from './xml.ts'
import type { XmlElement } from './xml-element.ts'

/** ListObjects, ListObjectsV2, ListObjectVersions and ListMultipartUploads. */
export function listing(connection: Connection): Pick<Store, 'list' | 'listVersions' | 'listUploads'> {
  const ask = async <R extends Readers>(bucket: string, query: Query, asked: Asked, readers: R) =>
    new Page((await control(connection, { method: 'GET', bucket, query })).body, asked, readers)
  const readContents = (entry: XmlElement) => readObject(connection, entry)
  const readVersionContents = (entry: XmlElement) => ({ ...readContents(entry), ...readVersion(entry) })

  return {
    async list(bucket, query): Promise<Listing> {
      const { version, prefix, delimiter, limit, after, token, owner } = query
      const paging =
        version === 1
          ? { marker: after }
          : {
              'list-type': '2',
              'start-after': after,
              'continuation-token': token,
              'fetch-owner': owner === true ? 'true' : undefined,
            }
      const common = { prefix, delimiter, 'max-keys': `${limit}`, 'encoding-type': 'url' }
      const page = await ask(bucket, { ...common, ...paging }, query, { Contents: readContents })
      const objects = page.entries('Contents')
      const prefixes = page.prefixes()
      if (!page.truncated) return { objects, prefixes, truncated: false }
      // Without a delimiter ListObjects names no marker: the last name is it.
      const next =
        version === 1
          ? (page.name('NextMarker') ?? [objects.at(-1)?.key ?? '', prefixes.at(-1) ?? ''].sort(byBytes)[1]!)
          : page.root.optional('NextContinuationToken')?.text
      return { objects, prefixes, truncated: true, next: page.advance(next, version === 1 ? after : token) }
    },

    async listVersions(bucket, query): Promise<VersionListing> {
      const { prefix, delimiter, limit, keyMarker, versionMarker } = query
      const page = await ask(
        bucket,
        {
          versions: '',
          prefix,
          delimiter,
          'max-keys': `${limit}`,
          'key-marker': keyMarker,
          'version-id-marker': versionMarker,
          'encoding-type': 'url',
        },
        query,
        { Version: readVersionContents, DeleteMarker: readDeleteMarker },
      )
      const listing = {
        versions: page.entries('Version'),
        deleteMarkers: page.entries('DeleteMarker'),
        prefixes: page.prefixes(),
      }
      if (!page.truncated) return { ...listing, truncated: false }
      const nextVersion = page.root.optional('NextVersionIdMarker')?.text
      const sameId = nextVersion === versionMarker
      const nextKey = page.advance(page.name('NextKeyMarker'), sameId ? keyMarker : undefined)
      return { ...listing, truncated: true, nextKey, ...(nextVersion !== undefined && { nextVersion }) }
    },

    async listUploads(bucket, query): Promise<UploadListing> {
      const { prefix, delimiter, limit, keyMarker, uploadMarker } = query
      const page = await ask(
        bucket,
        {
          uploads: '',
          prefix,
          delimiter,
          'max-uploads': `${limit}`,
          'key-marker': keyMarker,
          'upload-id-marker': uploadMarker,
          'encoding-type': 'url',
        },
        query,
        { Upload: readUpload },
      )
      const listing = { uploads: page.entries('Upload'), prefixes: page.prefixes() }
      if (!page.truncated) return { ...listing, truncated: false }
      const nextUpload = page.root.optional('NextUploadIdMarker')?.text
      const sameId = nextUpload === uploadMarker
      const nextKey = page.advance(page.name('NextKeyMarker'), sameId ? keyMarker : undefined)
      return { ...listing, truncated: true, nextKey, ...(nextUpload !== undefined && { nextUpload }) }
    },
  }
}

/** What was asked for; a page that holds anything else is refused. */
interface Asked {
  readonly prefix?: string
  readonly limit: number
}

/** An entry as it was read, its key still as the document has it. */
interface Entry {
  key: string
}
type Readers = Readonly<Record<string, (entry: XmlElement) => Entry>>

/**
 * A page of a listing. Each entry is read when its end has come, and its elements are let go; but how keys are
 * written may be said behind them all (EncodingType), so keys are decoded at the end.
 */
class Page<R extends Readers> {
  readonly root: XmlElement
  readonly truncated: boolean
  readonly #entries = new Map<string, Entry[]>()
  readonly #encoded: boolean

  constructor(document: Uint8Array, { prefix = '', limit }: Asked, readers: R) {
    const readerOf = new Map(Object.entries<Readers[string]>({ ...readers, CommonPrefixes: readPrefix }))
    for (const name of readerOf.keys()) this.#entries.set(name, [])
    this.root = readXml(document, element => {
      const read = readerOf.get(element.name)
      if (read === undefined) return false
      const entries = this.#entries.get(element.name)!
      if (entries.length === limit) throw broken(`it lists more than the ${limit} that were asked for`)
      entries.push(read(element))
      return true
    })
    this.truncated = readBoolean(this.root.optional('IsTruncated'))
    this.#encoded = this.root.optional('EncodingType')?.text === 'url'
    for (const entries of this.#entries.values())
      for (const entry of entries) entry.key = this.#key(entry.key, prefix)
  }

  entries<N extends keyof R & string>(name: N): ReturnType<R[N]>[] {
    return this.#entries.get(name) as ReturnType<R[N]>[]
  }

  prefixes(): string[] {
    return this.#entries.get('CommonPrefixes')!.map(({ key }) => key)
  }

  /** A key or prefix of the listing, which must begin as was asked. */
  #key(text: string, prefix: string): string {
    const key = this.#decode(text)
    if (!key.startsWith(prefix)) throw broken('it lists a key outside of the prefix')
    if (key.length > MAX_KEY / 4 && Buffer.byteLength(key) > MAX_KEY)
      throw broken(`it lists a key longer than ${MAX_KEY} bytes`)
    return key
  }

  /** A key that is no entry, as a marker. */
  name(name: string): string | undefined {
    const element = this.root.optional(name)
    return element === undefined || element.text === '' ? undefined : this.#decode(element.text)
  }

  /** Where the next page begins, which must not be where this one did: that would never end. */
  advance(next: string | undefined, from: string | undefined): string {
    if (next === undefined || next === '') throw broken('it is truncated and does not say where it goes on')
    if (next === from) throw broken('it goes on where it began')
    return next
  }

  /** Percent-encoding where the store says that it wrote it (`+` is a space, as AWS writes it), else as it stands. */
  #decode(text: string): string {
    if (!this.#encoded || !/[%+]/.test(text)) return text
    try {
      return decodeURIComponent(text.replaceAll('+', ' '))
    } catch {
      throw broken('a name is not percent-encoded UTF-8')
    }
  }
}

const MAX_KEY = 1024

const readPrefix = (entry: XmlElement): Entry => ({ key: entry.one('Prefix').text })

function readObject(connection: Connection, entry: XmlElement): ListedObject {
  const storageClass = entry.optional('StorageClass')?.text
  const length = readCount(entry.one('Size'))
  const etag = readETag(entry.one('ETag').text)
  const [algorithm] = entry.all('ChecksumAlgorithm').map(({ text }) => text)
  const checksum = plaintextKind(connection, { algorithm, etag, length })
  const owner = readOwner(entry.optional('Owner'))
  return {
    key: entry.one('Key').text,
    length,
    etag,
    lastModified: readDate(entry.one('LastModified')),
    ...(storageClass !== undefined && { storageClass }),
    ...(checksum !== undefined && { checksum }),
    ...(owner !== undefined && { owner }),
  }
}

function readVersion(entry: XmlElement): Pick<ListedVersion, 'versionId' | 'latest'> {
  return { versionId: entry.one('VersionId').text, latest: readBoolean(entry.one('IsLatest')) }
}

function readDeleteMarker(entry: XmlElement): ListedDeleteMarker {
  const owner = readOwner(entry.optional('Owner'))
  return {
    key: entry.one('Key').text,
    ...readVersion(entry),
    lastModified: readDate(entry.one('LastModified')),
    ...(owner !== undefined && { owner }),
  }
}

function readUpload(entry: XmlElement): ListedUpload {
  const storageClass = entry.optional('StorageClass')?.text
  const initiator = readOwner(entry.optional('Initiator'))
  const owner = readOwner(entry.optional('Owner'))
  return {
    key: entry.one('Key').text,
    uploadId: entry.one('UploadId').text,
    initiated: readDate(entry.one('Initiated')),
    ...(storageClass !== undefined && { storageClass }),
    ...(initiator !== undefined && { initiator }),
    ...(owner !== undefined && { owner }),
  }
}

/** The order of UTF-8 bytes, which is S3's. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
