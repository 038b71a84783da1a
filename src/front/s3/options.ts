import type { Objects } from '../../objects/objects.ts'
import type { AccessKeys, Identity } from './access.ts'
import type { FrontSettings } from './call.ts'
import type { Trouble } from './trouble.ts'

export interface S3FrontOptions extends FrontSettings {
  /** The objects room as this sender sees it: with the store credential that its access key names. */
  readonly objectsFor: (identity: Identity) => Objects
  readonly accessKeys: AccessKeys
  /** Who a request without a signature is; absent: nobody. */
  readonly anonymous?: Identity
  /** Told of each request when it has been answered, of defects, and of failures that are not the client's. */
  readonly log: (event: FrontEvent) => void
  readonly now?: () => Date
}

export type FrontEvent =
  | {
      readonly event: 'request'
      readonly requestId: string
      readonly peer: string
      readonly method: string
      readonly operation?: string
      readonly accessKeyId?: string
      readonly bucket?: string
      readonly key?: string
      /** The error's code; absent where the request succeeded. */
      readonly code?: string
      readonly milliseconds: number
    }
  | ({ readonly requestId: string } & Trouble)
  | { readonly event: 'defect'; readonly requestId: string; readonly error: unknown }
