import type { Owner } from '../store.ts'

/** Everything in a directory store belongs to whoever runs it. */
export const OWNER: Owner = { id: 'treuhand', displayName: 'treuhand' }
