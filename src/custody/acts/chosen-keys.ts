import Type, { type Static } from 'typebox'
import { chosenKeys } from '../erasure/key-states.ts'
import { CustodyError } from '../errors.ts'
import type { ActContext, Asked } from './act.ts'

/** Which of a tenant's group keys an act concerns. */
export const ChosenKeys = Type.Object(
  {
    keys: Type.Union(
      [
        Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), {
          minItems: 1,
          maxItems: 100,
          uniqueItems: true,
        }),
        Type.Tuple([Type.Literal('*')]),
      ],
      { description: "ids (`treuhand epochs`), or `*` alone for all of the tenant's" },
    ),
  },
  { additionalProperties: false },
)

/** @throws CustodyError `Unknown` where a key is not the tenant's, or was destroyed */
export async function checkChosen(
  { custody }: ActContext,
  { tenant, params: { keys } }: Asked<Static<typeof ChosenKeys>>,
): Promise<void> {
  const found = await chosenKeys(custody.registry, tenant, keys)
  if (found.length === 0 || (keys[0] !== '*' && found.length < keys.length))
    throw new CustodyError(
      'Unknown',
      'not all of these are group keys of the tenant that still hold something',
    )
}
