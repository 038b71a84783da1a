/** What the catalog and its thread say to each other. */

export interface Ask {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

export type Answer = { readonly id: number } & (
  | { readonly result: unknown }
  | { readonly refused: { code: string; status: number; attributes: Readonly<Record<string, string>> } }
  | { readonly failed: { sqlite: number | undefined; message: string } }
)

/** Answers to one group of changes. `garbage`: files may be there to be removed. */
export interface Answers {
  readonly answers: readonly Answer[]
  readonly garbage: boolean
}
