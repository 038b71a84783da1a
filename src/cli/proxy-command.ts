import { CannotStart } from './cannot-start.ts'
import { run } from './run.ts'
import { readSettings } from './settings.ts'
import type { DevFlags } from './settings-flags.ts'

/** `treuhand proxy`: the data plane alone says when it listens; nothing is made up that a configuration could say. */
export async function proxy(flags: DevFlags): Promise<void> {
  if (flags.config === undefined)
    throw new CannotStart(
      'A proxy needs a configuration. Name it with --config FILE, or try treuhand dev.',
      2,
    )
  await run(readSettings(flags), () => {})
}
