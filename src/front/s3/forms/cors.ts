import { S3Error } from '../errors.ts'
import type { XmlElement } from '../xml/read.ts'
import type { XmlNode } from '../xml/write.ts'
import { utf8Decoded } from './octets.ts'

/** Which pages of the web a browser may let at a bucket ("Using cross-origin resource sharing"). */
export interface CorsRule {
  readonly id?: string
  /** One `*` stands for any characters. */
  readonly origins: readonly string[]
  readonly methods: readonly CorsMethod[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  /** Seconds. */
  readonly maxAge?: number
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const
export type CorsMethod = (typeof METHODS)[number]

const MAX_RULES = 100
const MAX_TEXT = 1024

export const isCorsMethod = (method: string): method is CorsMethod =>
  (METHODS as readonly string[]).includes(method)

/** RFC 9110 5.1, and S3's wildcard. */
const HEADER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads a `CORSConfiguration`.
 * @throws S3Error MalformedXML, InvalidRequest
 */
export function readCors(document: XmlElement): readonly CorsRule[] {
  const rules = document.all('CORSRule').map(readRule)
  if (rules.length === 0 || rules.length > MAX_RULES) throw new S3Error('MalformedXML')
  return rules
}

function readRule(rule: XmlElement): CorsRule {
  const texts = (name: string) => rule.all(name).map(element => element.text)
  const origins = texts('AllowedOrigin')
  const methods = texts('AllowedMethod')
  const headers = texts('AllowedHeader')
  const exposed = texts('ExposeHeader')
  if (origins.length === 0 || methods.length === 0) throw new S3Error('MalformedXML')
  if ([...origins, ...headers, ...exposed].some(text => text.length > MAX_TEXT))
    throw new S3Error('MalformedXML')
  const starred = origins.find(origin => origin.split('*').length > 2)
  if (starred !== undefined)
    throw new S3Error('InvalidRequest', `AllowedOrigin "${starred}" can not have more than one wildcard.`)
  const method = methods.find(each => !isCorsMethod(each))
  if (method !== undefined)
    throw new S3Error(
      'InvalidRequest',
      `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
    )
  const header = [...headers, ...exposed].find(each => each !== '' && !HEADER.test(each))
  if (header !== undefined)
    throw new S3Error('InvalidRequest', `AllowedHeader "${header}" contains invalid character.`)
  const id = rule.textOf('ID')
  const maxAge = readMaxAge(rule.textOf('MaxAgeSeconds'))
  return {
    ...(id !== undefined && { id }),
    origins,
    methods: methods.filter(isCorsMethod),
    headers,
    exposed,
    ...(maxAge !== undefined && { maxAge }),
  }
}

function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  // Negative ones too, as S3 does.
  if (!/^-?\d{1,9}$/.test(text)) throw new S3Error('MalformedXML')
  return Number(text)
}

/** The elements of a `CORSConfiguration`. */
export const corsNodes = (rules: readonly CorsRule[]): readonly XmlNode[] =>
  rules.map(rule => [
    'CORSRule',
    [
      ['ID', rule.id],
      ...rule.origins.map((origin): XmlNode => ['AllowedOrigin', origin]),
      ...rule.methods.map((method): XmlNode => ['AllowedMethod', method]),
      ...rule.headers.map((header): XmlNode => ['AllowedHeader', header]),
      ...rule.exposed.map((header): XmlNode => ['ExposeHeader', header]),
      ['MaxAgeSeconds', rule.maxAge],
    ],
  ])

/** What a browser asks. */
export interface CorsAsk {
  readonly origin: string
  readonly method: CorsMethod
  readonly headers: readonly string[]
}

/** The first rule that allows all that is asked. */
export const ruleFor = (rules: readonly CorsRule[], ask: CorsAsk): CorsRule | undefined =>
  rules.find(
    rule =>
      rule.origins.some(origin => matches(origin, ask.origin)) &&
      rule.methods.includes(ask.method) &&
      ask.headers.every(header =>
        rule.headers.some(allowed => matches(allowed.toLowerCase(), header.toLowerCase())),
      ),
  )

/**
 * Reads `Access-Control-Request-Headers`.
 * @throws S3Error BadRequest
 */
export function readRequestHeaders(value: string | undefined): readonly string[] {
  if (!value) return []
  return value.split(',').map(header => {
    if (!HEADER.test(header.trim()))
      throw new S3Error(
        'BadRequest',
        `Access-Control-Request-Headers "${utf8Decoded(header) ?? ''}" contains invalid character.`,
      )
    return header.trim()
  })
}

/** One `*` in a pattern; more are literal, as no rule has them. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
}
