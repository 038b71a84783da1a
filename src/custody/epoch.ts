/**
 * A month in UTC, `2026-11`, whose objects a group key seals; `2026-11.2` where another key was asked for
 * within the month. Epochs compare as text.
 */
export type Epoch = string

/** How long before an epoch begins its group key is made. */
const AHEAD = 24 * 3_600_000
/** More new keys than this within a month are a script gone wild. */
const MOST_WITHIN = 9

/** Which epochs are further ones within a month, as SQL compares text. */
export const FORCED = '%.%'

export function epochAt(time: number): Epoch {
  return new Date(time).toISOString().slice(0, 7)
}

/** The next epoch, where it begins within 24 hours of `time`. */
export function epochSoon(time: number): Epoch | undefined {
  const soon = epochAt(time + AHEAD)
  return soon === epochAt(time) ? undefined : soon
}

/**
 * The epoch that follows `epoch` at once, within the month of `time` where that is its month.
 *
 * @returns undefined where the month has had nine
 */
export function epochForced(epoch: Epoch, time: number): Epoch | undefined {
  const [month, count = '1'] = epoch.split('.')
  if (month! < epochAt(time)) return epochAt(time)
  return Number(count) < MOST_WITHIN ? `${month}.${Number(count) + 1}` : undefined
}
