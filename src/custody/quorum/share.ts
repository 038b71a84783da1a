import { createHash, timingSafeEqual } from 'node:crypto'
import { CustodyError } from '../errors.ts'

/**
 * A share in its envelope. The secret sharing itself carries neither number nor check, and a wrong
 * combination gives a wrong secret without an error: so the envelope says what the share is of.
 *
 *     version 1 ‖ set id 16 ‖ party's number 1 ‖ holder's number 1
 *     ‖ parties needed 1 ‖ parties 1 ‖ holders needed 1 ‖ holders 1
 *     ‖ origin ‖ party ‖ holder ‖ share, each behind its length in one byte
 *     ‖ check 8: the first bytes of SHA-256(`treuhand/share/v1` ‖ 0 ‖ all before)
 */
export interface Share {
  /** Name of the custodian, as in its log. */
  readonly origin: string
  /** 16 random bytes that all shares of one ceremony have in common. */
  readonly set: Buffer
  readonly party: string
  /** The party's x coordinate in the outer sharing, 1 to 255. */
  readonly partyNumber: number
  readonly holder: string
  /** The holder's x coordinate in the party's sharing; where one holder suffices, it counts copies. */
  readonly holderNumber: number
  readonly partiesNeeded: number
  readonly parties: number
  readonly holdersNeeded: number
  readonly holders: number
  /** Last byte: x. */
  readonly bytes: Buffer
}

const VERSION = 1
const HEAD = 23
const CHECK = 8
const MAX_SHARE = HEAD + 4 * 256 + CHECK

export function writeShare(share: Share): Buffer {
  const { partyNumber, holderNumber, partiesNeeded, parties, holdersNeeded, holders } = share
  const numbers = [partyNumber, holderNumber, partiesNeeded, parties, holdersNeeded, holders]
  const fields = [share.origin, share.party, share.holder].map(text => Buffer.from(text, 'utf8'))
  const body = Buffer.concat([
    Uint8Array.of(VERSION),
    share.set,
    Uint8Array.from(numbers),
    ...[...fields, share.bytes].flatMap(field => [Uint8Array.of(field.length), field]),
  ])
  return Buffer.concat([body, check(body)])
}

/** @throws CustodyError `Malformed` when a byte is wrong, as by a typing error */
export function readShare(bytes: Uint8Array): Share {
  const envelope = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (envelope.length < HEAD + 4 + CHECK || envelope.length > MAX_SHARE)
    throw malformed('its length is wrong')
  const body = envelope.subarray(0, -CHECK)
  if (!timingSafeEqual(check(body), envelope.subarray(-CHECK)))
    throw malformed('its check does not match: read it again')
  if (body[0] !== VERSION) throw malformed(`its version is ${body[0]}, this program knows ${VERSION}`)
  const [partyNumber, holderNumber, partiesNeeded, parties, holdersNeeded, holders] = body.subarray(17, HEAD)
  const [origin, party, holder, share] = readFields(body.subarray(HEAD))
  return {
    origin: origin!.toString('utf8'),
    set: body.subarray(1, 17),
    party: party!.toString('utf8'),
    partyNumber: partyNumber!,
    holder: holder!.toString('utf8'),
    holderNumber: holderNumber!,
    partiesNeeded: partiesNeeded!,
    parties: parties!,
    holdersNeeded: holdersNeeded!,
    holders: holders!,
    bytes: share!,
  }
}

function readFields(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let at = 0
  while (at < bytes.length && fields.length < 5) {
    const end = at + 1 + bytes[at]!
    if (end > bytes.length) throw malformed('it is cut short')
    fields.push(bytes.subarray(at + 1, end))
    at = end
  }
  if (fields.length !== 4 || fields[3]!.length === 0) throw malformed('it has not the four fields of a share')
  return fields
}

/** What the store keeps of a share, to know it again: SHA-256 of the envelope. */
export const shareHash = (envelope: Uint8Array): Buffer => createHash('sha256').update(envelope).digest()

const check = (body: Uint8Array): Buffer =>
  createHash('sha256').update('treuhand/share/v1\0').update(body).digest().subarray(0, CHECK)

const malformed = (why: string): CustodyError => new CustodyError('Malformed', `this is not a share: ${why}`)
