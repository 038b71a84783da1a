import { S3Client } from '@aws-sdk/client-s3'
import type { Treuhand } from './treuhand.ts'

/** The AWS SDK with its own defaults, pointed at a proxy. */
export function sdkFor({ endpoint, credential }: Pick<Treuhand, 'endpoint' | 'credential'>): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    // The SDK writes into what it is given.
    credentials: { ...credential },
    maxAttempts: 1,
  })
}
