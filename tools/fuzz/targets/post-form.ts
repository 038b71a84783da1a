import { authenticateForm } from '../../../src/front/s3/auth/authenticate-form.ts'
import { SigningKeys } from '../../../src/front/s3/auth/signature.ts'
import { receiveForm } from '../../../src/front/s3/body/form-body.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { readBoundary, readFormHead } from '../../../src/front/s3/forms/post-form.ts'
import { postedForm } from '../../../src/front/s3/operations/post-object.ts'
import { bodyOf, EXAMPLE_KEY, hmac, taken } from '../../../test/front/s3/harness.ts'
import { holds, type Target } from '../target.ts'

/** Uploads from HTML forms: the first line is the Content-Type, the rest the form, read in two ways. */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 4096, run })

const part = (head: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`
const POLICY = Buffer.from(
  '{"expiration":"2999-01-01T00:00:00Z","conditions":[{"bucket":"photos"},["starts-with","$key",""]]}',
).toString('base64')
const SIGNATURE = hmac(
  hmac(hmac(hmac(hmac(`AWS4${EXAMPLE_KEY.secret}`, '20261124'), 'us-east-1'), 's3'), 'aws4_request'),
  POLICY,
).toString('hex')
const SIGNED = [
  part('name="key"', 'a/b'),
  part('name="policy"', POLICY),
  part('name="x-amz-algorithm"', 'AWS4-HMAC-SHA256'),
  part('name="x-amz-credential"', `${EXAMPLE_KEY.id}/20261124/us-east-1/s3/aws4_request`),
  part('name="x-amz-date"', '20261124T080000Z'),
  part('name="x-amz-signature"', SIGNATURE),
].join('')
const FILE = `${part('name="file"; filename="x.txt"', 'hello, world')}--b--\r\n`
// biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
const FILENAME = '${filename}'
const SEEDS = [
  `multipart/form-data; boundary=b\n${SIGNED}${FILE}`,
  `multipart/form-data; boundary="b"\n${part('name="key"', FILENAME)}${FILE}`,
  `multipart/form-data; boundary=b\n${part('name=key', '')}${part('name="x-amz-meta-a"', '1')}${part('name="x-amz-meta-a"', '2')}${FILE}`,
]
const WORDS = [
  '--b',
  '--b--',
  '\r\n--b\r\n',
  '\r\n',
  '\r\n\r\n',
  'Content-Disposition: form-data',
  '; name="',
  '; filename="',
  '"',
  '\\"',
  '\\',
  part('name="key"', 'k'),
  part('name="file"', ''),
  FILE,
  'boundary=',
  FILENAME,
  'x-amz-meta-',
  'success_action_redirect',
]

const AUTHORITY = {
  accessKeys: { find: (id: string) => (id === EXAMPLE_KEY.id ? EXAMPLE_KEY : undefined) },
  signingKeys: new SigningKeys(),
  region: 'us-east-1',
}
const NOW = new Date('2026-11-24T08:00:10Z')

async function run(input: Buffer): Promise<void> {
  const line = input.indexOf('\n')
  const type = input.toString('latin1', 0, Math.max(0, line))
  const form = input.subarray(line + 1)
  const whole = await outcome(() => read(form, type))
  if (input.length % 16 > 0 || typeof whole === 'string') return
  // A form of more than a mebibyte is read by another reader, which takes its file to be the last field.
  const start = readFormHead(form, readBoundary(type))!.fileStart
  // Where the file is a boundary from its first byte on, it is empty, and bytes before it make it another.
  if (form.indexOf(`--${readBoundary(type)}`, start, 'latin1') === start) return
  const large = Buffer.concat([form.subarray(0, start), PADDING, form.subarray(start)])
  const streamed = await outcome(() => read(large, type))
  if (typeof streamed !== 'string')
    holds(streamed.equals(Buffer.concat([PADDING, whole])), 'another file by another reader')
}

const PADDING = Buffer.alloc(1 << 20, 'x')

/** The file of a form, after who sent it was looked at. */
async function read(form: Buffer, type: string): Promise<Buffer> {
  const received = await receiveForm(bodyOf(form, [form.length, 7, 1]), readBoundary(type))
  const sender = await outcome(() => authenticateForm(postedForm('photos', received), AUTHORITY, NOW))
  if (typeof sender !== 'string')
    holds(received.fields.get('policy') === POLICY, 'a policy that nobody signed')
  return taken(received.file, 65_536)
}

/** What came of it, or the code of the refusal. */
async function outcome<T>(act: () => Promise<T>): Promise<T | string> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
}
