import { type Dispatcher, request } from 'undici'
import { CustodyError } from '../errors.ts'
import type { LogFiles } from './files.ts'

/** A full bundle of the largest entries, and some more. */
const MAX_FILE = 2 ** 24
const DEADLINE = 30_000

/**
 * The files of a log as a custodian serves them. Nothing here is believed: whoever reads verifies.
 * @param url as `https://custodian.example:8702/v1/log`
 * @param token an auditor's
 */
export function remoteFiles(url: string, token: string, dispatcher?: Dispatcher): LogFiles {
  const prefix = url.replace(/\/$/, '')
  return {
    async read(path) {
      try {
        const { statusCode, body } = await request(`${prefix}/${path}`, {
          ...(dispatcher && { dispatcher }),
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(DEADLINE),
        })
        if (statusCode === 200) return await readCapped(body)
        await body.dump()
        if (statusCode === 404) return undefined
        if (statusCode === 403)
          throw new CustodyError(
            'Refused',
            'The custodian refused the token. The log takes an auditor token.',
          )
        throw new CustodyError('Unreachable', `the custodian answered ${statusCode}`)
      } catch (error) {
        if (error instanceof CustodyError) throw error
        throw new CustodyError('Unreachable', `the custodian at ${prefix} does not answer`)
      }
    },
  }
}

async function readCapped(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_FILE)
      throw new CustodyError('TooLarge', 'the custodian sent more than a file of the log holds')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
