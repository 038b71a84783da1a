/** A tag of an object or a bucket. The store sees tags in clear. */
export interface Tag {
  readonly key: string
  readonly value: string
}
