import { describe, expect, test } from 'vitest'
import { callerAddress, countrySets, type FencePolicy, judge, parseNetwork } from '../../src/custody/fence.ts'

const policy: FencePolicy = {
  deny: ['198.51.100.0/24'],
  allow: ['10.20.0.0/16', '198.51.100.7/32'],
  countries: ['DE', 'FR'],
  balancers: [],
}
const sets = await countrySets()

describe('the fence', () => {
  test.each([
    ['a denied network, though allowed too', '198.51.100.7', false, 'denied'],
    ['an allowed network, private though it is', '10.20.3.4', true, 'allowed'],
    ['an allowed network written as mapped IPv6', '::ffff:10.20.3.4', true, 'allowed'],
    ['a private network', '192.168.1.1', false, 'private'],
    ['loopback', '::1', false, 'private'],
    ['a country on which both sets agree', '141.20.1.1', true, 'country'],
    ['a country that is not allowed', '8.8.8.8', false, 'elsewhere'],
    ['an address in hex, which some parsers take', '0x7f.1', false, 'elsewhere'],
    ['no address', 'localhost', false, 'elsewhere'],
  ])('judges %s', (_, address, admitted, reason) => {
    expect(judge(address, policy, sets, false)).toMatchObject({ admitted, reason })
  })

  test('refuses where the sets disagree or one has no answer', () => {
    const disagreeing = [() => 'DE', () => 'GB'] as const
    expect(judge('8.8.8.8', policy, disagreeing, false)).toMatchObject({
      admitted: false,
      reason: 'sets-disagree',
    })
    const silent = [() => 'DE', () => undefined] as const
    expect(judge('8.8.8.8', policy, silent, false)).toMatchObject({
      admitted: false,
      reason: 'sets-disagree',
    })
    const both = [() => undefined, () => undefined] as const
    expect(judge('8.8.8.8', policy, both, false)).toMatchObject({ admitted: false, reason: 'elsewhere' })
  })

  test('lets staff pass everything but the deny list', () => {
    expect(judge('8.8.8.8', policy, sets, true)).toMatchObject({ admitted: true, reason: 'staff' })
    expect(judge('198.51.100.8', policy, sets, true)).toMatchObject({ admitted: false, reason: 'denied' })
  })
})

describe('the address that counts', () => {
  const balancers = ['10.0.0.0/8']
  test.each([
    ['the peer, where it is no balancer, whatever it claims', '203.0.113.9', '141.20.1.1', '203.0.113.9'],
    ['the last hop before the balancer', '10.0.0.1', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
    ['the hop before two balancers', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['the balancer, where it says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['the balancer, where it says nonsense', '10.0.0.1', 'unknown', '10.0.0.1'],
  ])('is %s', (_, peer, forwarded, address) => {
    expect(callerAddress(peer, forwarded, balancers)).toBe(address)
  })
})

test.each(['10.0.0.0', '10.0.0.0/33', '::/129', '010.0.0.0/8', 'x/8', ''])('%s is no network', text => {
  expect(() => parseNetwork(text)).toThrow(RangeError)
})
