import Type from 'typebox'
import { keyFingerprint } from '../authority.ts'
import { enrol } from '../enrolment.ts'
import { CustodyError } from '../errors.ts'
import { defineAct, revisionOf } from './act.ts'

/** Admits a proxy that asked with a ticket: its key, and the buckets whose keys it may lease. */
export const enrolProxy = defineAct({
  params: Type.Object(
    {
      proxy: Type.String({ pattern: '^[0-9a-f]{64}$', description: "the key's fingerprint" }),
      key: Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 1024, description: 'SubjectPublicKeyInfo' }),
      buckets: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 100 }),
    },
    { additionalProperties: false },
  ),

  target: async (context, { params }) => await revisionOf(context, 'proxy', params.proxy),

  async judge(_, { params }) {
    if (keyFingerprint(new Uint8Array(Buffer.from(params.key, 'base64url'))) !== params.proxy)
      throw new CustodyError('Malformed', 'the key has another fingerprint than the proposal names')
  },

  async execute({ custody }, { tenant, params }, proposal) {
    const { proxy, key, buckets } = params
    const { revision } = await enrol(custody, { fingerprint: proxy, tenant, buckets, key }, proposal)
    return { proxy, revision }
  },
})
