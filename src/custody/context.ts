/**
 * What a wrapped or sealed thing is, label first: `treuhand/group-key/v1`, tenant, bucket, … . Text is UTF-8,
 * a number four bytes big-endian.
 */
export type Context = readonly [label: string, ...fields: (string | number | Uint8Array)[]]

/** A context as bytes that no other context has: each field behind its length in two bytes. */
export function contextBytes(context: Context): Uint8Array<ArrayBuffer> {
  const pieces = context.flatMap(field => {
    const bytes = fieldBytes(field)
    if (bytes.length > 0xffff) throw new RangeError('a field of a context has at most 65,535 bytes')
    return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]
  })
  return new Uint8Array(Buffer.concat(pieces))
}

function fieldBytes(field: string | number | Uint8Array): Uint8Array {
  if (typeof field === 'string') return Buffer.from(field, 'utf8')
  if (typeof field === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(field)
    return bytes
  }
  return field
}
