import type { CarriedAct } from '../approvals/ground.ts'
import type { Act } from '../approvals/policy.ts'
import { acceptLoss } from './accept-loss.ts'
import { type ActContext, type AnyAct, bindAct } from './act.ts'
import { answerOrderAct } from './answer-order.ts'
import { changeOfficers } from './change-officers.ts'
import { changeSeal } from './change-seal.ts'
import { changeThresholds } from './change-thresholds.ts'
import { depositKeys } from './deposit-keys.ts'
import { destroyKeys } from './destroy-keys.ts'
import { enrolProxy } from './enrol-proxy.ts'
import { escort } from './escort.ts'
import { exportKeys } from './export-keys.ts'
import { grant } from './grant.ts'
import { liftKill } from './lift-kill.ts'
import { loosen } from './loosen.ts'
import { resume } from './resume.ts'
import { revoke } from './revoke.ts'
import { suspend } from './suspend.ts'
import { tighten } from './tighten.ts'

/** Every act that this custodian carries out by a proposal. `seal` and `kill` keep no record: `Governance.close`. */
export const ACT_TABLE: Readonly<Partial<Record<Act, AnyAct>>> = {
  'enrol-proxy': enrolProxy,
  grant,
  escort,
  loosen,
  'answer-order': answerOrderAct,
  'export-keys': exportKeys,
  'deposit-keys': depositKeys,
  'destroy-keys': destroyKeys,
  resume,
  'change-officers': changeOfficers,
  'change-seal': changeSeal,
  'change-thresholds': changeThresholds,
  'accept-loss': acceptLoss,
  'lift-kill': liftKill,
  tighten,
  revoke,
  suspend,
}

/** The table over one custodian. */
export function bindActs(context: ActContext): Readonly<Partial<Record<Act, CarriedAct>>> {
  return Object.fromEntries(Object.entries(ACT_TABLE).map(([name, act]) => [name, bindAct(act, context)]))
}
