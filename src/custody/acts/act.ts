import type { Static, TObject } from 'typebox'
import { Value } from 'typebox/value'
import type { CarriedAct } from '../approvals/ground.ts'
import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { RecordKind } from '../people.ts'
import type { SealOffers } from '../seals/offers.ts'

/** What acts work on. */
export interface ActContext {
  readonly custody: Custody
  /** Where a new root may be kept. */
  readonly seals: SealOffers
  /** Runs after the root was changed: backups of before it restore the old one. */
  rootChanged(): Promise<void>
}

/** A proposal as its act reads it. */
export interface Asked<Params> {
  readonly tenant: string
  readonly params: Params
  /** Fingerprint of whoever proposed it. */
  readonly proposer: string
  readonly reason: string
}

/**
 * An act of the custodian: what its proposal must say, what it changes, and how it is carried out. Each has a
 * file of its own in this folder and a line in `table.ts`; its name and its rule stand in `approvals/policy.ts`.
 */
export interface ActDefinition<Schema extends TObject> {
  /** Closed, so that nobody signs what nobody reads. */
  readonly params: Schema

  /** Whether it is decided beside a log that was lost or forked, where nothing else is. */
  readonly besideLoss?: true

  /** Revision of what it changes, 0 where that is not there yet: a proposal made over another one is stale. */
  target?(context: ActContext, asked: Asked<Static<Schema>>): Promise<number>

  /**
   * Refuses what cannot be carried out as things stand. Asked when it is proposed, before anybody spends a
   * signature on it, and again before the intent is logged.
   *
   * @throws CustodyError
   */
  judge?(context: ActContext, asked: Asked<Static<Schema>>): Promise<void>

  /**
   * Carries it out. Called again after a crash with the same proposal, so it must find out what it did already.
   *
   * @param proposal the proposal's name, for the log
   * @returns what came of it, for the log
   * @throws CustodyError where it cannot be done at all; anything else means that it is to be tried again
   */
  execute(context: ActContext, asked: Asked<Static<Schema>>, proposal: string): Promise<Json>
}

export type AnyAct = ActDefinition<TObject>

/** Checks the definition's own types, and lets it stand beside others in a table. */
export function defineAct<Schema extends TObject>(definition: ActDefinition<Schema>): AnyAct {
  return definition as unknown as AnyAct
}

/** An act as proposals see it, over one custodian. */
export function bindAct(
  { params, besideLoss, target, judge, execute }: AnyAct,
  context: ActContext,
): CarriedAct {
  const asked = ({ tenant, proposer, reason, params: given }: Asked<unknown>): Asked<Static<TObject>> => {
    if (!Value.Check(params, given)) {
      const [first] = Value.Errors(params, given)
      const where = first?.instancePath.slice(1).replaceAll('/', '.')
      throw new CustodyError(
        'Malformed',
        `The parameters are not those of the act: ${where || 'together they'} ${first?.message ?? 'are wrong'}. See docs/custody.md.`,
      )
    }
    return { tenant, proposer, reason, params: given }
  }
  return {
    target: async proposal => (await target?.(context, asked(proposal))) ?? 0,
    async judge(proposal) {
      if (!besideLoss) context.custody.opened()
      await judge?.(context, asked(proposal))
    },
    execute: async (proposal, id) => await execute(context, asked(proposal), id),
  }
}

/** The revision of a record, for acts that change one; 0 where there is none. */
export async function revisionOf({ custody }: ActContext, kind: RecordKind, id: string): Promise<number> {
  return (await custody.opened().records.find(kind, id))?.revision ?? 0
}
