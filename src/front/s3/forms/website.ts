import { invalidArgument, S3Error } from '../errors.ts'
import type { XmlElement } from '../xml/read.ts'

/** "Configuring a static website": rules of one bucket at most. */
const MAX_RULES = 50

/**
 * Checks a `WebsiteConfiguration` (sentences as versitygw's suite has observed them).
 * @throws S3Error MalformedXML, InvalidArgument, InvalidRequest
 */
export function checkWebsite(document: XmlElement): void {
  const redirect = document.child('RedirectAllRequestsTo')
  const index = document.child('IndexDocument')
  const error = document.child('ErrorDocument')
  const rules = document.child('RoutingRules')?.all('RoutingRule') ?? []
  if (redirect) {
    if (index || error || rules.length > 0 || !redirect.textOf('HostName')) throw new S3Error('MalformedXML')
    checkProtocol(redirect.textOf('Protocol'))
    return
  }
  if (!index) throw new S3Error('MalformedXML')
  const suffix = index.textOf('Suffix') ?? ''
  if (suffix === '' || suffix.includes('/'))
    throw invalidArgument('IndexDocument', suffix, 'The IndexDocument Suffix is not well formed')
  if (error && !error.textOf('Key'))
    throw invalidArgument('ErrorDocument', '', 'The ErrorDocument Key is not well formed')
  if (rules.length > MAX_RULES)
    throw new S3Error(
      'InvalidRequest',
      `${rules.length} routing rules provided, the number of routing rules in a website configuration is limited to ${MAX_RULES}.`,
    )
  for (const rule of rules) checkRule(rule)
}

function checkRule(rule: XmlElement): void {
  const redirect = rule.child('Redirect')
  if (redirect) {
    if (redirect.children.every(child => child.text === '')) throw new S3Error('MalformedXML')
    if (redirect.textOf('ReplaceKeyWith') && redirect.textOf('ReplaceKeyPrefixWith'))
      throw new S3Error('InvalidRequest', 'You can only define ReplaceKeyPrefix or ReplaceKey but not both.')
    checkProtocol(redirect.textOf('Protocol'))
    checkStatus(
      redirect.textOf('HttpRedirectCode'),
      code => code >= 301 && code <= 308 && code !== 306,
      code => `The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`,
    )
  }
  const condition = rule.child('Condition')
  if (!condition) return
  const status = condition.textOf('HttpErrorCodeReturnedEquals')
  if (!status && !condition.textOf('KeyPrefixEquals')) throw new S3Error('MalformedXML')
  checkStatus(
    status,
    code => (code >= 400 && code <= 417) || (code >= 500 && code <= 505),
    code => `The provided HTTP error code (${code}) is not valid. Valid codes are 4XX or 5XX.`,
  )
}

function checkProtocol(protocol: string | undefined): void {
  if (protocol && protocol !== 'http' && protocol !== 'https')
    throw new S3Error(
      'InvalidRequest',
      'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
    )
}

function checkStatus(
  text: string | undefined,
  isValid: (code: number) => boolean,
  sentence: (code: number) => string,
): void {
  if (!text) return
  if (!/^[+-]?\d{1,6}$/.test(text)) throw new S3Error('MalformedXML')
  if (!isValid(Number(text))) throw new S3Error('InvalidRequest', sentence(Number(text)))
}
