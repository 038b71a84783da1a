import { expect, test } from 'vitest'
import type { RootProvider } from '../../../src/custody/roots/root.ts'
import { testWrappingKey } from '../../../src/custody/self-test.ts'
import { unwrap, wrap } from '../../../src/custody/wrap.ts'

/** A place where roots are kept, as one kind of seal has it. */
export interface RootPlace {
  /** A provider over the place, as each start makes one. */
  provider(): RootProvider | Promise<RootProvider>
  /** A provider of the same kind over another place, which must not open what this one made. */
  stranger(): RootProvider | Promise<RootProvider>
}

/** What must hold of every root provider. */
export function rootHolds(place: () => Promise<RootPlace>): void {
  const secret = crypto.getRandomValues(new Uint8Array(32))

  test('a root made once is opened at each later start', async () => {
    const { provider } = await place()
    const { root, record } = await (await provider()).create()
    await testWrappingKey(root)
    const wrapped = await wrap(root, secret, ['test'])
    const stored = JSON.parse(JSON.stringify(record))
    for (let start = 0; start < 2; start++) {
      const opened = await (await provider()).open(stored)
      await testWrappingKey(opened)
      expect(await unwrap(opened, wrapped, ['test'])).toEqual(secret)
    }
  })

  test('its handle can be extracted by nobody', async () => {
    const { root } = await (await (await place()).provider()).create()
    expect(root.key.extractable).toBe(false)
    await expect(root.subtle.exportKey('raw', root.key)).rejects.toThrow()
  })

  test('what another place holds does not open it', async () => {
    const { provider, stranger } = await place()
    const { root, record } = await (await provider()).create()
    const wrapped = await wrap(root, secret, ['test'])
    const attempt = async () => await unwrap(await (await stranger()).open(record), wrapped, ['test'])
    await expect(attempt()).rejects.toMatchObject({ name: 'CustodyError' })
  })

  test('its record says nothing but text and numbers', async () => {
    const { record } = await (await (await place()).provider()).create()
    for (const value of Object.values(record)) expect(['string', 'number']).toContain(typeof value)
  })
}
