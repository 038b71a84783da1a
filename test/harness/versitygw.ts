import { afterAll } from 'vitest'
import * as tools from '../../tools/versitygw.ts'

/** A versitygw of its own for the suite that calls it, gone when the suite ends. */
export async function startVersitygw(
  options: Parameters<typeof tools.startVersitygw>[0] = {},
): Promise<tools.Versitygw> {
  const server = await tools.startVersitygw(options)
  afterAll(() => server.stop())
  return server
}
