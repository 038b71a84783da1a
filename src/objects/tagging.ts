import { StoreError } from '../store/errors.ts'
import type { NewObject } from '../store/store.ts'
import type { ObjectName } from './object.ts'
import { addressOf, type Room } from './room.ts'

/** An object's tags as a setting of another. By a request of their own: not every store counts them in its answers. */
export async function taggingOf(room: Room, name: ObjectName): Promise<NewObject['settings']> {
  const { tags } = await room.store.getTags(addressOf(room, name)).catch(error => {
    if (error instanceof StoreError && HAS_NO_TAGS.includes(error.code)) return { tags: [] }
    throw error
  })
  if (tags.length === 0) return {}
  return {
    'x-amz-tagging': tags.map(({ key, value }) => [key, value].map(encodeURIComponent).join('=')).join('&'),
  }
}

const HAS_NO_TAGS = ['NotImplemented', 'NoSuchTagSet', 'NoSuchTagSetError']
