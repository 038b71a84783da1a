/** What a key holds: `pattern(length, seed)`. */
export interface Value {
  readonly length: number
  readonly seed: number
}

/** One line of a child that is going to be killed. */
export type Said =
  | { readonly ready: true }
  /** An operation begins that makes the key hold this; `null`: nothing. */
  | { readonly key: string; readonly will: Value | null }
  /** The operation on the key was answered. */
  | { readonly key: string; readonly done: true }
  /** A version was answered. */
  | { readonly key: string; readonly version: string; readonly is: Value }

/** What a store may hold after its writer was killed. */
export class CrashLog {
  /** What a key must hold, by what was answered. */
  readonly answered = new Map<string, Value | null>()
  /** What it may hold as well: operations that were under way. */
  readonly begun = new Map<string, Value | null>()
  readonly versions: { key: string; version: string; is: Value }[] = []
  ready = 0

  /** Takes what one child said until it was killed; its last line may be cut short. */
  read(output: string): void {
    for (const line of output.split('\n').slice(0, -1)) this.#take(JSON.parse(line) as Said)
  }

  #take(said: Said): void {
    if ('ready' in said) this.ready++
    else if ('version' in said) this.versions.push(said)
    else if ('will' in said) this.begun.set(said.key, said.will)
    else {
      this.answered.set(said.key, this.begun.get(said.key)!)
      this.begun.delete(said.key)
    }
  }

  /** A key was found to hold this; from now on it is what it must hold. */
  settle(key: string, value: Value | null): void {
    this.answered.set(key, value)
    this.begun.delete(key)
  }
}
