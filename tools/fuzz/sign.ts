import { canonicalPaths, canonicalRequest, stringToSign } from '../../src/front/s3/auth/canonical.ts'
import { signature, signingKey } from '../../src/front/s3/auth/signature.ts'
import { readQuery } from '../../src/front/s3/forms/query.ts'
import { EXAMPLE_KEY, headersOf } from '../../test/front/s3/harness.ts'

/** The day on which all requests here are signed. */
export const DAY = '2026-11-24'
const BASIC_DAY = DAY.replaceAll('-', '')
const SCOPE = { accessKeyId: EXAMPLE_KEY.id, day: BASIC_DAY, region: 'us-east-1', service: 's3' } as const

/** A request's text, signed as it stands: whatever it says, the signature is right. @param time in the basic form */
export function sign(text: string, time = `${BASIC_DAY}T080000Z`, payload = 'UNSIGNED-PAYLOAD'): string {
  const request = parsed(text)
  const fields = [...request.fields, ['x-amz-date', time], ['x-amz-content-sha256', payload]] as [
    string,
    string,
  ][]
  const names = [...new Set(fields.map(([name]) => name))].sort()
  const given = signed(request, fields, names, time, payload)
  const scope = `${EXAMPLE_KEY.id}/${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${names.join(';')}, Signature=${given}`
  const added = [
    ['x-amz-date', time],
    ['x-amz-content-sha256', payload],
    ['authorization', authorization],
  ]
  return (
    request.line + request.raw + added.map(([name, value]) => `${name}: ${value}\r\n`).join('') + request.rest
  )
}

/** The same in its query. */
export function presign(text: string, time = `${BASIC_DAY}T080000Z`): string {
  const parameters = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(`${EXAMPLE_KEY.id}/${time.slice(0, 8)}/us-east-1/s3/aws4_request`)}&X-Amz-Date=${time}&X-Amz-Expires=600&X-Amz-SignedHeaders=host`
  const [method = '', target = '', version = ''] = parsed(text).line.split(' ')
  const asked = `${target}${target.includes('?') ? '&' : '?'}${parameters}`
  const request = parsed(text.replace(/^.*\r\n/, () => `${method} ${asked} ${version}`))
  const given = signed(request, request.fields, ['host'], time, 'UNSIGNED-PAYLOAD')
  return `${method} ${asked}&X-Amz-Signature=${given} ${version}${request.raw}${request.rest}`
}

interface Parsed {
  /** With its line end. */
  readonly line: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly raw: string
  /** The empty line and the body. */
  readonly rest: string
}

function parsed(text: string): Parsed {
  const lineEnd = text.indexOf('\r\n') + 2
  const headEnd = Math.max(lineEnd, text.indexOf('\r\n\r\n') + 2)
  const raw = text.slice(lineEnd, headEnd)
  const fields = raw
    .split('\r\n')
    .filter(line => line.includes(':'))
    .map(
      line =>
        [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t]+$/g, ''),
        ] as const,
    )
  return { line: text.slice(0, lineEnd), fields, raw, rest: text.slice(headEnd) }
}

function signed(
  request: Parsed,
  fields: Parsed['fields'],
  names: readonly string[],
  time: string,
  payload: string,
): string {
  const [method = '', target = ''] = request.line.split(' ')
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const asked = { method, path, query: readQuery(query), headers: headersOf(fields) }
  const canonical = canonicalRequest(asked, canonicalPaths(path)[0]!, names, payload)
  const scope = { ...SCOPE, day: time.slice(0, 8) }
  return signature(
    signingKey(EXAMPLE_KEY.secret, scope),
    stringToSign('AWS4-HMAC-SHA256', time, `${scope.day}/us-east-1/s3/aws4_request`, canonical),
  )
}
