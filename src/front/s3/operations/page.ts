import type { ListedObject, Owner } from '../../../store/store.ts'
import type { BucketCall } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { MAX_PAGE, readLimit } from '../forms/numbers.ts'
import { urlEncodedName, type XmlNode } from '../xml/write.ts'

/** What all listings of names in a bucket take and give. */
export interface Page {
  readonly names: { readonly prefix?: string; readonly delimiter?: string }
  /** The prefix as it stands in the query: S3 says an empty one again, but no empty delimiter (s3-tests). */
  readonly asked: { readonly prefix: string | undefined }
  /** Entries at most: a page holds no more than `MAX_PAGE`, and S3 says the number that it took. */
  readonly limit: number
  readonly encoding: 'url' | undefined
  /** Writes a name as the client wants names written. */
  readonly name: (name: string) => string
}

/** @throws S3Error InvalidArgument */
export function readPage(
  { query }: BucketCall,
  limitName: 'max-keys' | 'max-uploads',
  versions = false,
): Page {
  const prefix = query.get('prefix')
  const delimiter = query.get('delimiter')
  const encoding = query.get('encoding-type')
  if (encoding !== undefined && encoding !== '' && encoding !== 'url')
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request')
  return {
    names: { ...(prefix && { prefix }), ...(delimiter && { delimiter }) },
    asked: { prefix },
    limit: Math.min(readLimit(limitName, query.get(limitName), versions), MAX_PAGE),
    encoding: encoding ? 'url' : undefined,
    name: encoding ? urlEncodedName : name => name,
  }
}

/** The elements that say again what was asked. */
export const askedNodes = ({ names, asked, name, encoding }: Page): readonly XmlNode[] => [
  ['Prefix', asked.prefix === undefined ? undefined : name(asked.prefix)],
  ['Delimiter', names.delimiter && name(names.delimiter)],
  ['EncodingType', encoding],
]

export const ownerNode = (name: string, { id, displayName }: Owner): XmlNode => [
  name,
  [
    ['ID', id],
    ['DisplayName', displayName],
  ],
]

export const prefixNodes = (prefixes: readonly string[], name: Page['name']): readonly XmlNode[] =>
  prefixes.map(prefix => ['CommonPrefixes', [['Prefix', name(prefix)]]])

export const checksumKindNodes = ({ checksum }: ListedObject): readonly XmlNode[] => [
  ['ChecksumAlgorithm', checksum?.algorithm],
  ['ChecksumType', checksum?.type],
]
