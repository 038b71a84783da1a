import { existsSync } from 'node:fs'
import { CannotStart } from '../cannot-start.ts'

/** @throws CannotStart where the file is there: nothing is written over it */
export function assertNew(file: string): void {
  if (existsSync(file)) throw new CannotStart(`${file} is there already. Nothing was written over it.`, 7)
}
