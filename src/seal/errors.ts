/**
 * Something sealed does not open. One class and one sentence for every cause (wrong key, changed, cut,
 * moved, spliced or malformed bytes), so that whoever tampers learns nothing from the answer.
 */
export class DoesNotOpen extends Error {
  override readonly name = 'DoesNotOpen'
  readonly code = 'DoesNotOpen'

  constructor() {
    super('the stored object does not open: it was changed, or sealed under another name or key')
  }
}

/** The application's headers do not fit the space that stores give to metadata. */
export class MetadataTooLarge extends Error {
  override readonly name = 'MetadataTooLarge'
  readonly code = 'MetadataTooLarge'
  /** Bytes that the headers need when encoded. */
  readonly needed: number
  /** Bytes there are. */
  readonly limit: number

  constructor(needed: number, limit: number) {
    super(
      `the object's headers need ${needed} bytes sealed, the limit is ${limit}: shorten the user metadata`,
    )
    this.needed = needed
    this.limit = limit
  }
}
