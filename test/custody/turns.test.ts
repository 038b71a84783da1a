import { expect, it } from 'vitest'
import { LeaseTurns } from '../../src/custody/turns.ts'

/** A call that is judged until it is let go. */
function call(turns: LeaseTurns, proxy: string, current: boolean, order: string[], name = proxy) {
  let letGo = () => {}
  const judged = new Promise<void>(resolve => {
    letGo = resolve
  })
  const done = turns.take(
    proxy,
    current,
    () => 1000,
    async () => {
      order.push(name)
      await judged
      return { ttl: 60_000 }
    },
  )
  return { done, finish: () => letGo() }
}

it('renewals go before first leases and old keys where more come than are judged at a time', async () => {
  const turns = new LeaseTurns()
  const order: string[] = []
  const renewing = call(turns, 'renews', true, order)
  renewing.finish()
  await renewing.done
  const busy = Array.from({ length: 8 }, (_, i) => call(turns, `busy ${i}`, true, order))
  const waiting = [
    call(turns, 'begins', true, order),
    call(turns, 'renews', false, order, 'old keys'),
    call(turns, 'renews', true, order, 'renewal'),
  ]
  order.length = 0
  for (const one of [...busy, ...waiting]) one.finish()
  await Promise.all([...busy, ...waiting].map(({ done }) => done))
  expect(order).toEqual(['renewal', 'begins', 'old keys'])
})

it('a call that fails hands its turn on', async () => {
  const turns = new LeaseTurns()
  const failing = Array.from({ length: 20 }, () =>
    turns.take(
      'proxy',
      true,
      () => 0,
      async () => {
        throw new Error('refused')
      },
    ),
  )
  const ends = await Promise.allSettled(failing)
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true)
  expect(
    await turns.take(
      'proxy',
      true,
      () => 0,
      async () => ({ ttl: 1 }),
    ),
  ).toEqual({ ttl: 1 })
})
