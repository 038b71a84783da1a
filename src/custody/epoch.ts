/** A month in UTC, `2026-11`. Epochs compare as text. */
export type Epoch = string

/** How long before an epoch begins its group key is made. */
const AHEAD = 24 * 3_600_000

export function epochAt(time: number): Epoch {
  return new Date(time).toISOString().slice(0, 7)
}

/** The next epoch, where it begins within 24 hours of `time`. */
export function epochSoon(time: number): Epoch | undefined {
  const soon = epochAt(time + AHEAD)
  return soon === epochAt(time) ? undefined : soon
}
