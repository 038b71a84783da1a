/**
 * Works on so many items at a time. After the first failure nothing new is begun.
 * @throws what `work` threw first, once everything under way has ended
 */
export async function inParallel<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = asyncIterator(items)
  let failed = false
  async function lane(): Promise<void> {
    while (!failed) {
      const next = await source.next()
      if (next.done || failed) return
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: width }, lane))
  const failure = lanes.find(lane => lane.status === 'rejected')
  if (failure) throw failure.reason
}

async function* asyncIterator<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}
