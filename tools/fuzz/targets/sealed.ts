import { ObjectError } from '../../../src/objects/errors.ts'
import type { GetObject, ObjectName } from '../../../src/objects/object.ts'
import { Objects } from '../../../src/objects/objects.ts'
import { StoreError, StoreUnavailable } from '../../../src/store/errors.ts'
import type { Store, StoredHead, StoreRange } from '../../../src/store/store.ts'
import { collect } from '../../../src/wire/sinks.ts'
import { bodyOf } from '../../../test/front/s3/harness.ts'
import { named, openRoom, pattern, plain } from '../../../test/objects/harness.ts'
import { holds, type Target } from '../target.ts'

/**
 * Sealed objects in the hands of their store: what lies there is changed, cut, mixed and served under other names.
 * Each byte that leaves is one that the application wrote, at its place, and the end comes with the last of them
 * alone.
 *
 * An input is a program of the store's: a line of the object that is asked for and how, then changes, four numbers a
 * line.
 */
export async function open(): Promise<Target> {
  const { room, close } = await openRoom()
  const honest = new Objects(room)
  await honest.store.createBucket('photos', {})
  const plains = new Map(SIZES.map((size, i) => [`k${i}`, pattern(size, i + 1)]))
  const stored: Stored[] = []
  for (const [key, bytes] of plains) {
    const put = { headers: [['x-amz-meta-a', key] as const], settings: {}, conditions: {} }
    if (key === MULTIPART) await multipart(honest, key, bytes)
    else await honest.put(named(key), put, plain(bytes))
    const { body, range: _, ...head } = await room.store.get({ bucket: 'photos', key }, undefined, {})
    stored.push({ head, bytes: await collect(body) })
  }
  let served: Stored = stored[0]!
  const hostile = new Objects({
    ...room,
    store: new Proxy(room.store, { get: (store, name) => serving(store, name as keyof Store, () => served) }),
  })

  async function run(input: Buffer): Promise<void> {
    const [asked = '', ...changes] = input.toString('latin1').split('\n')
    const [which = 0, how = 0, first = 0, last = 0] = numbers(asked)
    const index = which % stored.length
    served = { head: stored[index]!.head, bytes: Buffer.from(stored[index]!.bytes) }
    for (const change of changes.slice(0, 4)) served = changed(served, numbers(change), stored)
    const key = `k${index}`
    const get = { conditions: {}, checksum: how % 2 === 1, ...rangeOf(how, first, last) }
    const truth = plains.get(key)!
    if (how % 8 === 7) return void (await refused(() => hostile.head(named(key), get)))
    await refused(() => read(hostile, named(key), get, truth))
  }
  return {
    seeds: SEEDS,
    words: ['0 ', '1 ', '\n', '65536 ', '65535 ', '40 ', '256 ', '16 ', '5242880 '],
    longest: 200,
    run,
    close,
  }
}

/** Plaintext bytes: nothing, a byte, less and more than a segment, and one by parts. */
const SIZES = [0, 1, 1000, 65_480, 65_481, 140_000, 3000]
const MULTIPART = 'k6'

interface Stored {
  readonly head: StoredHead
  readonly bytes: Buffer
}

async function multipart(objects: Objects, key: string, bytes: Buffer): Promise<void> {
  const { uploadId } = await objects.createUpload(named(key), { headers: [], settings: {} })
  const { etag } = await objects.uploadPart(named(key), uploadId, 1, plain(bytes))
  await objects.completeUpload(named(key), uploadId, { parts: [{ number: 1, etag }], conditions: {} })
}

/** The store's own methods, but for reading, where it serves what it likes. */
function serving(store: Store, name: keyof Store, served: () => Stored): unknown {
  if (name === 'head') return async () => ({ ...served().head, length: served().bytes.length })
  if (name !== 'get') return (store[name] as (...args: unknown[]) => unknown).bind(store)
  return async (_: unknown, asked: StoreRange | undefined) => {
    const { head, bytes } = served()
    const length = bytes.length
    const range = rangeIn(asked, length)
    const body = bytes.subarray(range.first, range.last + 1)
    return { ...head, length, range, body: bodyOf(body, [4096, 65_536]) }
  }
}

function rangeIn(asked: StoreRange | undefined, length: number): { first: number; last: number } {
  if (asked === undefined) return { first: 0, last: length - 1 }
  if ('suffix' in asked) return { first: Math.max(0, length - asked.suffix), last: length - 1 }
  if (asked.first >= length) throw new StoreError('InvalidRange', 416)
  return { first: asked.first, last: Math.min(asked.last ?? length - 1, length - 1) }
}

const numbers = (line: string): number[] => [...line.matchAll(/\d{1,9}/g)].map(Number)

function rangeOf(how: number, first: number, last: number): Pick<GetObject, 'range' | 'partNumber'> {
  switch (how % 6) {
    case 1:
      return { range: { first, last: first + last } }
    case 2:
      return { range: { suffix: last } }
    case 3:
      return { range: { first } }
    case 4:
      return { partNumber: 1 + (first % 3) }
    default:
      return {}
  }
}

/** One thing that a store may do to an object. */
function changed(
  { head, bytes }: Stored,
  [what = 0, at = 0, from = 0, much = 0]: number[],
  stored: readonly Stored[],
): Stored {
  const other = stored[from % stored.length]!
  const here = bytes.length === 0 ? 0 : at % bytes.length
  switch (what % 9) {
    case 0: {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[here]! ^= 1 << (much % 8)
      return { head, bytes: copy }
    }
    case 1:
      return { head, bytes: bytes.subarray(0, here) }
    case 2:
      return {
        head,
        bytes: Buffer.concat([
          bytes.subarray(0, here),
          other.bytes.subarray(much % (other.bytes.length + 1)),
        ]),
      }
    case 3: {
      // A segment for another.
      const copy = Buffer.from(bytes)
      copy.set(bytes.subarray(from, from + much).subarray(0, copy.length - here), here)
      return { head, bytes: copy }
    }
    case 4:
      return { head, bytes: Buffer.concat([bytes, Buffer.alloc(much % 70_000)]) }
    case 5:
      return { head: other.head, bytes }
    case 6:
      return { head: { ...head, metadata: { ...head.metadata, ...other.head.metadata } }, bytes: other.bytes }
    case 7:
      return { head: { ...head, metadata: spoiled(head.metadata, at, much) }, bytes }
    default:
      return { head, bytes: Buffer.concat([bytes.subarray(0, here), bytes.subarray(here + (much % 70_000))]) }
  }
}

/** A character of one field, or the field itself. */
function spoiled(metadata: StoredHead['metadata'], at: number, much: number): StoredHead['metadata'] {
  const names = Object.keys(metadata)
  const name = names[at % Math.max(1, names.length)]
  if (name === undefined) return metadata
  const { [name]: value = '', ...rest } = metadata
  if (much % 7 === 0) return rest
  const place = much % (value.length + 1)
  const letter = String.fromCharCode(33 + (at % 94))
  return { ...rest, [name]: value.slice(0, place) + letter + value.slice(place + (much % 3)) }
}

/** Reads as a client does, and holds what comes against what was written. */
async function read(objects: Objects, name: ObjectName, get: GetObject, truth: Buffer): Promise<void> {
  const object = await objects.get(name, get)
  const { first, last } = object.range ?? { first: 0, last: truth.length - 1 }
  let at = first
  holds(object.size === truth.length, 'another size')
  holds(
    JSON.stringify(object.headers) ===
      JSON.stringify(name.key === MULTIPART ? [] : [['x-amz-meta-a', name.key]]),
    'other headers',
  )
  await object.writeTo({
    write(pieces) {
      for (const piece of pieces) {
        holds(
          Buffer.compare(piece, truth.subarray(at, at + piece.length)) === 0,
          'a byte that was not written there',
        )
        at += piece.length
      }
      return undefined
    },
  })
  holds(at === last + 1, 'an end that is none')
}

async function refused(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof ObjectError || error instanceof StoreError || error instanceof StoreUnavailable))
      throw error
  }
}

const SEEDS = [
  ...SIZES.flatMap((_, i) => [0, 1, 2, 3, 4, 7].map(how => `${i} ${how} 10 ${i * 300}`)),
  '5 0 0 0\n0 65536 0 1',
  '5 0 0 0\n3 65536 0 65536',
  '4 0 0 0\n1 65000 0 0',
  '5 1 0 70000\n2 65536 3 65536',
  '2 0 0 0\n6 0 1 0',
  '6 0 0 0\n7 1 0 5',
  '3 0 0 0\n5 0 4 0',
  '3 0 0 0\n4 0 0 256\n8 100 0 16',
]
