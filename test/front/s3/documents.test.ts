import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkBucketPolicy } from '../../../src/front/s3/forms/bucket-policy.ts'
import { checkOwnership } from '../../../src/front/s3/forms/ownership.ts'
import { checkWebsite } from '../../../src/front/s3/forms/website.ts'
import { readXml } from '../../../src/front/s3/xml/read.ts'
import { refusal } from './harness.ts'

/** The sentence with which a policy is refused; undefined where it is taken. */
function sentence(policy: unknown): string | undefined {
  try {
    checkBucketPolicy(typeof policy === 'string' ? policy : JSON.stringify(policy))
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'MalformedPolicy' })
    return (error as Error).message
  }
}

const BUCKET = 'arn:aws:s3:::bucket'
const OBJECTS = 'arn:aws:s3:::bucket/*'
const policy = (more: object, statement = true) => ({
  Version: '2012-10-17',
  Statement: statement
    ? [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: OBJECTS, ...more }]
    : [],
})

/** Cases and sentences of versitygw's tests/integration/PutBucketPolicy.go. */
describe('a bucket policy', () => {
  test.each<[string, object]>([
    ['for everybody', {}],
    ['for some', { Principal: { AWS: ['a', 'b'] }, Effect: 'Deny' }],
    ['for all actions', { Action: 's3:*', Resource: BUCKET }],
    ['for actions by pattern', { Action: ['s3:Get*', 's3:Put?bject'] }],
    [
      'for both kinds of resource',
      { Action: ['s3:ListBucket', 's3:GetObject'], Resource: [BUCKET, OBJECTS] },
    ],
    [
      'under conditions',
      {
        Condition: {
          IpAddress: { 'AWS:SourceIp': ['10.0.0.0/8', '::1'] },
          StringLikeIfExists: { 'aws:Referer': 'x' },
        },
      },
    ],
  ])('%s is taken', (_, statement) => {
    expect(sentence(policy(statement))).toBeUndefined()
  })

  test.each<[string, unknown]>([
    ["Policies must be valid JSON and the first byte must be '{'", ''],
    ["Policies must be valid JSON and the first byte must be '{'", '[]'],
    ['This policy contains invalid Json', '{'],
    ['This policy contains invalid Json', { Statement: 'x' }],
    ['Missing required field Statement', {}],
    ['Could not parse the policy: Statement is empty!', policy({}, false)],
    ['The policy must contain a valid version string', { ...policy({}), Version: '2012-10-18' }],
    ['Invalid effect: allow', policy({ Effect: 'allow' })],
    ['Invalid effect: {"toString":1}', policy({ Effect: { toString: 1 } })],
    ['Invalid principal in policy', policy({ Principal: '' })],
    ['Invalid principal in policy', policy({ Principal: [] })],
    ['Invalid principal in policy', policy({ Principal: { AWS: [] } })],
    ['Invalid principal in policy', policy({ Principal: ['*', 'a'] })],
    ['Policy has invalid action', policy({ Action: 's3:FlyToTheMoon' })],
    ['Policy has invalid action', policy({ Action: 'ec2:*' })],
    ['Policy has invalid action', policy({ Action: [] })],
    ['Policy has invalid resource', policy({ Resource: '' })],
    ['Policy has invalid resource', policy({ Resource: 'arn:aws:s3:::/bucket/*' })],
    ['Invalid Condition type : stringequals', policy({ Condition: { stringequals: {} } })],
    ['Policy has an invalid condition key', policy({ Condition: { StringEquals: { 's3:Fake': 'x' } } })],
    [
      'Conditions do not apply to combination of actions and resources in statement',
      policy({ Condition: { StringEquals: { 's3:prefix': 'x' } } }),
    ],
    [
      'Invalid IP address in Conditions',
      policy({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } }),
    ],
    [
      'Invalid IP address in Conditions',
      policy({ Condition: { IpAddress: { 'aws:SourceIp': { toString: 1 } } } }),
    ],
  ])('is refused: %s', (expected, document) => {
    expect(sentence(document)).toBe(expected)
  })

  test('of any text is taken or refused, in time', () => {
    fc.assert(fc.property(fc.json(), text => void sentence(text)))
    const pattern = `s3:${'*a'.repeat(2000)}b`
    expect(sentence(policy({ Action: pattern }))).toBe('Policy has invalid action')
  })
})

describe('a website', () => {
  const check = (inner: string) =>
    checkWebsite(
      readXml(Buffer.from(`<WebsiteConfiguration>${inner}</WebsiteConfiguration>`), 'WebsiteConfiguration'),
    )
  const index = '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>'
  const rule = (inner: string) => `${index}<RoutingRules><RoutingRule>${inner}</RoutingRule></RoutingRules>`

  test.each([
    index,
    `${index}<ErrorDocument><Key>error.html</Key></ErrorDocument>`,
    '<RedirectAllRequestsTo><HostName>example.com</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>',
    rule(
      '<Condition><KeyPrefixEquals>a/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith></Redirect>',
    ),
  ])('like %s is taken', inner => {
    check(inner)
  })

  test.each<[string, string]>([
    ['MalformedXML', ''],
    ['MalformedXML', `${index}<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>`],
    [
      'InvalidRequest',
      '<RedirectAllRequestsTo><HostName>h</HostName><Protocol>ftp</Protocol></RedirectAllRequestsTo>',
    ],
    ['InvalidArgument', '<IndexDocument><Suffix>a/b</Suffix></IndexDocument>'],
    ['InvalidArgument', `${index}<ErrorDocument><Key></Key></ErrorDocument>`],
    [
      'InvalidRequest',
      rule(
        '<Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>',
      ),
    ],
    ['InvalidRequest', rule('<Redirect><HttpRedirectCode>300</HttpRedirectCode></Redirect>')],
    [
      'InvalidRequest',
      rule(
        '<Condition><HttpErrorCodeReturnedEquals>399</HttpErrorCodeReturnedEquals></Condition><Redirect><HostName>h</HostName></Redirect>',
      ),
    ],
    [
      'InvalidRequest',
      `${index}<RoutingRules>${'<RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule>'.repeat(51)}</RoutingRules>`,
    ],
  ])('is refused with %s: %s', async (code, inner) => {
    expect(await refusal(() => check(inner))).toBe(code)
  })
})

test('ownership controls are one rule of a kind that there is', async () => {
  const check = (rules: string) =>
    checkOwnership(
      readXml(Buffer.from(`<OwnershipControls>${rules}</OwnershipControls>`), 'OwnershipControls'),
    )
  const rule = (ownership: string) => `<Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule>`
  expect(check(rule('BucketOwnerEnforced'))).toBeUndefined()
  for (const rules of ['', '<Rule/>', rule('Nobody'), rule('ObjectWriter').repeat(2)])
    expect(await refusal(() => check(rules))).toBe('MalformedXML')
})
