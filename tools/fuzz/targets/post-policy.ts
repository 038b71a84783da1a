import { checkPostPolicy, readPostPolicy } from '../../../src/front/s3/auth/post-policy.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { checkBucketPolicy } from '../../../src/front/s3/forms/bucket-policy.ts'
import { refusing, type Target } from '../target.ts'

/** Policies, which are JSON: of forms, held against a form, and of buckets. */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 18_000, run })

const SEEDS = [
  '{"expiration":"2999-01-01T00:00:00Z","conditions":[{"bucket":"photos"},["starts-with","$key","a/"],["content-length-range",1,100],["eq","$Content-Type","image/png"]]}',
  '{"expiration":"2020-01-01T00:00:00Z","conditions":[]}',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:user/a"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8"]},"StringLike":{"s3:prefix":"a"}}}]}',
  '{"Statement":{"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::photos"]}}',
]
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  'true',
  '{}',
  '[]',
  '"',
  '"toString":1',
  '{"toString":1,"valueOf":1}',
  '"__proto__":{}',
  '"constructor"',
  '"eq"',
  '"starts-with"',
  '"content-length-range"',
  '"$key"',
  '"$"',
  '"expiration"',
  '"conditions"',
  '"Statement"',
  '"Condition"',
  '"aws:SourceIp"',
  '"IpAddress"',
  '"Null"',
  '"Principal"',
  '"Action"',
  '"Resource"',
  '"s3:ListBucket"',
  '"s3:?et*"',
  '1e308',
  '\\ud800',
  '\\u0000',
]

const NOW = new Date('2026-11-24T08:00:00Z')
const FORM = {
  bucket: 'photos',
  key: 'a/b',
  length: 50,
  fields: new Map([
    ['key', 'a/b'],
    ['content-type', 'image/png'],
    ['x-amz-signature', 's'],
  ]),
}

function run(input: Buffer): void {
  refusing(S3Error, () => checkPostPolicy(readPostPolicy(input.toString('base64')), FORM, NOW))
  refusing(S3Error, () => readPostPolicy(input.toString('latin1')))
  refusing(S3Error, () => checkBucketPolicy(input.toString('utf8')))
}
