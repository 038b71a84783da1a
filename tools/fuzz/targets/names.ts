import { canonicalPaths } from '../../../src/front/s3/auth/canonical.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { readCopySource } from '../../../src/front/s3/forms/copy-source.ts'
import {
  percentDecoded,
  percentEncoded,
  utf8Decoded,
  utf8Octets,
} from '../../../src/front/s3/forms/octets.ts'
import { readPlace } from '../../../src/front/s3/forms/place.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import { holds, refusing, type Target } from '../target.ts'

/** Host, path and query, in lines: which bucket and key they mean, and that no two spellings are mixed up. */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 2048, run })

const SEEDS = [
  'localhost:8700\n/photos/a/b%20c\nversionId=1&x',
  'photos.s3.example.com\n/%C3%A4/../%2F//\nlist-type=2&prefix=%2B+',
  's3.example.com.\n/photos\n',
  '[::1]:80\n/photos/%F0%9F%98%80\nuploads',
]
const WORDS = [
  '/',
  '//',
  '/../',
  '/./',
  '%2e%2e',
  '%2F',
  '%00',
  '%C3%A4',
  '%c3',
  '%FF',
  '%',
  '+',
  '?',
  '&',
  '=',
  '?versionId=',
  's3.example.com',
  '.example.com',
  '.',
  '..',
  ':80',
  '[::1]',
  '127.0.0.1',
  'photos',
  'PHOTOS',
  'xn--',
  'arn:aws:s3:::',
]
const DOMAINS = ['s3.example.com', 'example.com']

function run(input: Buffer): void {
  const [host = '', path = '', query = ''] = input.toString('latin1').split('\n')
  const place = refusing(S3Error, () => readPlace(host, path, DOMAINS))
  if (place !== undefined && place.kind !== 'service') {
    holds(/^[a-z0-9.-]{3,63}$/.test(place.bucket), `bucket ${place.bucket}`)
    if (place.kind === 'object') {
      const octets = utf8Octets(place.key)
      holds(octets.length > 0 && octets.length <= 1024 && place.key.isWellFormed(), 'a key of no length')
      const again = readPlace('h', `/${place.bucket}/${percentEncoded(octets)}`, [])
      holds(again.kind === 'object' && again.key === place.key, 'a key that changes when it is written anew')
    }
  }
  for (const octets of [path, query]) {
    const decoded = percentDecoded(octets)
    if (decoded !== undefined) holds(percentDecoded(percentEncoded(decoded)) === decoded, 'octets change')
    const text = utf8Decoded(octets)
    if (text !== undefined) holds(utf8Octets(text) === octets, 'a text changes')
  }
  if (percentDecoded(path) !== undefined)
    for (const way of canonicalPaths(path))
      holds(percentDecoded(way) === percentDecoded(path), 'the signed path is another')
  const parameters = refusing(S3Error, () => readQuery(query))
  for (const [name] of parameters?.pairs ?? []) refusing(S3Error, () => parameters?.get(name))
  const source = refusing(S3Error, () => readCopySource(path))
  if (source !== undefined)
    holds(source.key !== '' && /^[a-z0-9.-]{3,63}$/.test(source.bucket), 'a source without a name')
}
