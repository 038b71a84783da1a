import type { Target } from './target.ts'

/** All that reads what somebody else wrote, by name. Each is loaded only where it is explored. */
export const TARGETS = {
  wire: () => import('./targets/wire.ts'),
  signature: () => import('./targets/signature.ts'),
  'post-policy': () => import('./targets/post-policy.ts'),
  'post-form': () => import('./targets/post-form.ts'),
  'aws-chunked': () => import('./targets/aws-chunked.ts'),
  xml: () => import('./targets/xml.ts'),
  names: () => import('./targets/names.ts'),
  fields: () => import('./targets/fields.ts'),
  requests: () => import('./targets/requests.ts'),
  sockets: () => import('./targets/sockets.ts'),
  answers: () => import('./targets/answers.ts'),
  sealed: () => import('./targets/sealed.ts'),
  officers: () => import('./targets/officers.ts'),
  custody: () => import('./targets/custody.ts'),
} as const satisfies Record<string, () => Promise<{ open: () => Target | Promise<Target> }>>

export type TargetName = keyof typeof TARGETS

export async function openTarget(name: TargetName): Promise<Target> {
  return (await TARGETS[name]()).open()
}
