/** What folds a block in memory of its own. */
export interface Folder {
  /** The bytes before `start` are the past; the block to fold begins there. */
  readonly memory: Uint8Array
  readonly start: number
  /** XORs into each byte of the block those that lie `distances` before it. May go 15 bytes beyond `length`. */
  fold(length: number): void
}

/**
 * `fold` as WebAssembly, 16 bytes at a step, assembled here since it is one loop:
 *
 *     let at = 0
 *     do {
 *       memory[start + at] ^= memory[start + at - distance] ^ …   // 16 bytes wide
 *       at += 16
 *     } while (at < length)
 *
 * Encodings: WebAssembly Core Specification 2.0, chapter 5.
 * @param distances bytes, each 16 at least, as a step must not read what it writes
 * @param block bytes of the longest block
 */
export function assembleFolder(distances: readonly number[], block: number): Folder {
  const start = STEP * Math.ceil(Math.max(...distances) / STEP)
  const pages = Math.ceil((start + block + STEP) / PAGE)
  const step = [
    ...LOCAL_GET_AT,
    ...LOCAL_GET_AT,
    ...V128_LOAD,
    ...unsigned(start),
    ...distances.flatMap(distance => [
      ...LOCAL_GET_AT,
      ...V128_LOAD,
      ...unsigned(start - distance),
      ...V128_XOR,
    ]),
    ...V128_STORE,
    ...unsigned(start),
  ]
  const advance = [...LOCAL_GET_AT, I32_CONST, STEP, I32_ADD, ...LOCAL_TEE_AT, ...LOCAL_GET_LENGTH, I32_LT_U]
  const code = [...ONE_I32_LOCAL, LOOP, NO_RESULT, ...step, ...advance, BR_IF, 0, END, END]
  const module = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(TYPES, [1, FUNCTION, 1, I32, 0]),
    ...section(FUNCTIONS, [1, 0]),
    ...section(MEMORIES, [1, 0, ...unsigned(pages)]),
    ...section(EXPORTS, [2, ...name('memory'), 2, 0, ...name('fold'), 0, 0]),
    ...section(CODE, [1, ...unsigned(code.length), ...code]),
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module))
  const { memory, fold } = exports as Exports
  return { memory: new Uint8Array(memory.buffer), start, fold }
}

/** TypeScript knows these with the types of a browser only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly fold: Folder['fold']
}

const STEP = 16
const PAGE = 65_536

const TYPES = 1
const FUNCTIONS = 3
const MEMORIES = 5
const EXPORTS = 7
const CODE = 10

const FUNCTION = 0x60
const I32 = 0x7f
const ONE_I32_LOCAL = [1, 1, I32]
const LOOP = 0x03
const NO_RESULT = 0x40
const BR_IF = 0x0d
const END = 0x0b
const LOCAL_GET_LENGTH = [0x20, 0]
const LOCAL_GET_AT = [0x20, 1]
const LOCAL_TEE_AT = [0x22, 1]
const I32_CONST = 0x41
const I32_ADD = 0x6a
const I32_LT_U = 0x49
/** With an alignment of one byte; an offset follows. */
const V128_LOAD = [0xfd, 0x00, 0]
const V128_STORE = [0xfd, 0x0b, 0]
const V128_XOR = [0xfd, 0x51]

const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
]

const name = (text: string): number[] => [text.length, ...Buffer.from(text)]

/** LEB128 of an unsigned number below 2^31. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]
}
