/** Whole numbers below `below`, the same ones for the same seed. */
export type Dice = (below: number) => number

export function dice(seed: number): Dice {
  // Zero is the one state that xorshift32 never leaves.
  let state = seed >>> 0 || 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** A part of the program that reads what an adversary wrote, and what must hold whatever that was. */
export interface Target {
  /** What it starts from: well-formed inputs, and attacks that are known. Octets as latin1. */
  readonly seeds: readonly string[]
  /** Pieces of its language, which mutation puts in. */
  readonly words: readonly string[]
  /** Bytes of the longest input. */
  readonly longest: number
  /**
   * Reads one input. What the program refuses by an error of its own is well.
   * @throws whatever is not well, as an input that is accepted and must not be
   */
  run(input: Buffer): void | Promise<void>
  close?(): Promise<void>
}

/** Calls a reader that may refuse by an error of this class, and by no other. */
export function refusing<T>(known: abstract new (...args: never[]) => Error, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof known) return undefined
    throw error
  }
}

/** What an input names of what there is; where it names nothing of it (as `__proto__`), the other. */
export function named<T>(among: Readonly<Record<string, T>>, name: string, otherwise: string): T {
  return among[Object.hasOwn(among, name) ? name : otherwise]!
}

/** @throws Error where the fact does not hold */
export function holds(fact: boolean, otherwise: string): asserts fact {
  if (!fact) throw new Error(otherwise)
}
