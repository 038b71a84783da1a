import type { Fields, Headers } from '../../../wire/exchange.ts'
import { attributeFields, checksumFields, encryptionFields, sendNothing, sendXml } from '../answer.ts'
import { missingField } from '../auth/authenticate-form.ts'
import type { PostedForm } from '../auth/post-policy.ts'
import { plainBody } from '../body/plain-body.ts'
import type { BucketCall, FormCall, Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { checkEncryption } from '../forms/encryption.ts'
import { quoted } from '../forms/etag.ts'
import { checkLock } from '../forms/lock.ts'
import { readObjectHeaders, readSettings } from '../forms/object-headers.ts'
import { percentEncoded, utf8Decoded, utf8Octets } from '../forms/octets.ts'
import { MAX_KEY } from '../forms/place.ts'
import { checkTags, MAX_OBJECT_TAGS } from '../forms/tags.ts'
import { locationOf } from '../location.ts'
import { lockRefused } from '../lock-refused.ts'
import { readXml } from '../xml/read.ts'
import { readTagging } from './object-tagging.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html: an upload from an HTML form */
export const postObject: Operation = {
  name: 'PostObject',
  method: 'POST',
  on: 'bucket',
  signedBy: 'form',
  run,
}

/** In a key it stands for the name of the file. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
const FILENAME = '${filename}'

/**
 * The form as its policy sees it.
 * @throws S3Error InvalidArgument, KeyTooLongError
 */
export function postedForm(bucket: string, form: FormCall): PostedForm {
  const given = form.fields.get('key')
  if (!given) throw missingField('key')
  const filename = form.filename.split(/[\\/]/).at(-1) ?? ''
  // By a function, as `$&` in a name is no pattern.
  const key = utf8Decoded(given)?.replaceAll(FILENAME, () => filename)
  if (!key) throw new S3Error('InvalidURI')
  if (Buffer.byteLength(key) > MAX_KEY)
    throw new S3Error('KeyTooLongError', undefined, {
      details: { Size: Buffer.byteLength(key), MaxSizeAllowed: MAX_KEY },
    })
  return { bucket, key, fields: form.fields, length: form.file.length }
}

async function run(call: BucketCall): Promise<void> {
  const { objects, settings, bucket, caller, form } = call
  if (!form) throw new S3Error('MalformedPOSTRequest')
  const { key } = postedForm(bucket, form)
  if (!call.may({ action: 'write', bucket, key })) throw new S3Error('AccessDenied')
  const headers = headersOf(form.fields)
  checkEncryption(headers)
  checkLock(headers, call.now)
  const put = { headers: readObjectHeaders(headers), settings: readSettings(headers), conditions: {} }
  const body = plainBody(form.file, headers, caller)
  const name = { tenant: caller.identity.tenant, bucket, key }
  const answer = await objects.put(name, put, body).catch(lockRefused(headers))
  await succeed(call, form.fields, key, answer.etag, [
    ['etag', quoted(answer.etag)],
    ...attributeFields(answer.attributes),
    ...encryptionFields(settings, answer.groupKeyId, put.headers),
    ...checksumFields(answer.checksum),
  ])
}

/** The fields of a form that are those of a PUT. */
function headersOf(fields: ReadonlyMap<string, string>): Headers {
  const pairs = [...fields].flatMap(([name, value]): (readonly [string, string])[] => {
    if (name === 'acl') return [['x-amz-acl', value]]
    if (name === 'tagging') return [['x-amz-tagging', taggingQuery(value)]]
    if (AS_THEY_ARE.has(name) || (name.startsWith('x-amz-') && !OF_THE_FORM.test(name)))
      return [[name, value]]
    return []
  })
  const all = (name: string) => pairs.filter(([its]) => its === name).map(([, value]) => value)
  return { pairs, all, get: name => all(name)[0] }
}

const AS_THEY_ARE = new Set([
  'cache-control',
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
])
const OF_THE_FORM = /^x-amz-(algorithm|credential|date|signature|security-token)$/

/** A form writes tags as the document of PutObjectTagging, a PUT as the query of a URL. */
function taggingQuery(document: string): string {
  const tags = readTagging(readXml(Buffer.from(document, 'latin1'), 'Tagging'))
  checkTags(tags, MAX_OBJECT_TAGS)
  const encoded = (text: string) => percentEncoded(utf8Octets(text))
  return tags.map(({ key, value }) => `${encoded(key)}=${encoded(value)}`).join('&')
}

async function succeed(
  call: BucketCall,
  fields: ReadonlyMap<string, string>,
  key: string,
  etag: string,
  answer: Fields,
): Promise<void> {
  const redirect = redirectOf(
    fields.get('success_action_redirect') ?? fields.get('redirect'),
    call,
    key,
    etag,
  )
  if (redirect !== undefined) return sendNothing(call, 303, [['location', redirect], ...answer])
  const located: Fields = [['location', locationOf(call, key)], ...answer]
  const status = fields.get('success_action_status')
  if (status === '200') return sendNothing(call, 200, located)
  if (status !== '201') return sendNothing(call, 204, located)
  await sendXml(
    call,
    'PostResponse',
    [
      ['Location', locationOf(call, key)],
      ['Bucket', call.bucket],
      ['Key', key],
      ['ETag', quoted(etag)],
    ],
    { status: 201, fields: located },
  )
}

/** Where the form's maker wants the browser to go; what is no URL of the web is left out of account, as S3 does. */
function redirectOf(
  to: string | undefined,
  { bucket }: BucketCall,
  key: string,
  etag: string,
): string | undefined {
  const url = to === undefined ? null : URL.parse(to)
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  for (const [name, value] of Object.entries({ bucket, key, etag: quoted(etag) }))
    url.searchParams.append(name, value)
  return url.href
}
