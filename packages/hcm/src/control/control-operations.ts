import { type DoctorReport, Secret } from '@postern/program'
import { z } from 'zod'
import type { HandOver } from '../hand-over/hand-over.ts'
import type { HcmService } from '../service/hcm-service.ts'
import type { ServiceStatus } from '../service/service-status.ts'
import type { HybridConnectionStatus } from '../service/status.ts'

const named = z.strictObject({ namespace: z.string().optional(), name: z.string() })
const ruled = z.strictObject({ rule: z.string().max(512) })
const nothing = z.strictObject({})

/** Everything that the commands ask of a running service. */
export interface ControlResults {
  readonly add: HybridConnectionStatus
  readonly describe: ServiceStatus
  readonly list: readonly HybridConnectionStatus[]
  readonly show: HybridConnectionStatus
  readonly remove: null
  readonly restart: HybridConnectionStatus
  readonly test: HybridConnectionStatus
  readonly policyList: readonly string[]
  readonly policyAllow: readonly string[]
  readonly policyRemove: readonly string[]
  readonly join: JoinedRelay
  readonly doctor: readonly DoctorReport[]
  readonly renew: null
  readonly handOverPrepare: null
  readonly handOverFinish: null
  readonly handOverAbandon: null
}

/** Where this HCM belongs. */
export interface JoinedRelay {
  readonly hcmId: string
  readonly name: string
  readonly endpoint: string
}

/** What doctor shall look at. */
export interface DoctorWish {
  /** Default: all hybrid connections. */
  readonly name?: string | undefined
  readonly namespace?: string | undefined
  /** Targets must speak TLS with a certificate that is trusted here. */
  readonly demandsTls: boolean
}

/** What the control API works on. */
export interface ControlParts {
  readonly service: HcmService
  readonly describe: () => ServiceStatus
  readonly handOver: HandOver
  readonly doctor: (wish: DoctorWish) => Promise<readonly DoctorReport[]>
  readonly join: (request: { token: Secret; endpoint: string; name: string }) => Promise<JoinedRelay>
}

interface ControlOperation<Schema extends z.ZodType, Result> {
  readonly params: Schema
  readonly run: (parts: ControlParts, params: z.infer<Schema>) => Result | Promise<Result>
}

function operation<Schema extends z.ZodType, Result>(
  params: Schema,
  run: ControlOperation<Schema, Result>['run'],
): ControlOperation<Schema, Result> {
  return { params, run }
}

/** The table of what can be asked, with the parameters of each. */
export const controlOperations = {
  add: operation(
    z.strictObject({ connectionString: z.string().max(4096), follow: z.boolean() }),
    ({ service }, { connectionString, follow }) => service.add(new Secret(connectionString), { follow }),
  ),
  describe: operation(nothing, ({ describe }) => describe()),
  list: operation(nothing, ({ service }) => service.list()),
  show: operation(named, ({ service }, name) => service.show(name)),
  remove: operation(named, ({ service }, name) => service.remove(name).then(() => null)),
  restart: operation(named, ({ service }, name) => service.restart(name)),
  test: operation(named, ({ service }, name) => service.test(name)),
  policyList: operation(nothing, ({ service }) => service.policy),
  policyAllow: operation(ruled, ({ service }, { rule }) => service.allow(rule)),
  policyRemove: operation(ruled, ({ service }, { rule }) => service.disallow(rule)),
  join: operation(
    z.strictObject({ token: z.string().max(128), endpoint: z.string().max(512), name: z.string().max(128) }),
    ({ join }, { token, ...request }) => join({ ...request, token: new Secret(token) }),
  ),
  doctor: operation(
    z.strictObject({ namespace: z.string().optional(), name: z.string().optional(), demandsTls: z.boolean() }),
    ({ doctor }, wish) => doctor(wish),
  ),
  renew: operation(nothing, ({ handOver }) => nothingFrom(handOver.renew())),
  handOverPrepare: operation(
    z.strictObject({ patienceMs: z.number().int().min(0).max(3_600_000) }),
    ({ handOver }, { patienceMs }) => nothingFrom(handOver.prepare(patienceMs)),
  ),
  handOverFinish: operation(nothing, ({ handOver }) => nothingFrom(handOver.finish())),
  handOverAbandon: operation(z.strictObject({ reason: z.string().max(1_000) }), ({ handOver }, { reason }) =>
    nothingFrom(handOver.abandon(reason)),
  ),
} satisfies { readonly [Name in keyof ControlResults]: ControlOperation<z.ZodType, ControlResults[Name]> }

/** Those that change the state, which must not be while another process reads it. */
export const changingOperations: ReadonlySet<ControlOperationName> = new Set([
  'add',
  'remove',
  'policyAllow',
  'policyRemove',
  'join',
])

/** What is done has no result. */
function nothingFrom(_done: void): null {
  return null
}

/** Name of an operation of the control API. */
export type ControlOperationName = keyof ControlResults
/** What an operation is asked with. */
export type ControlParams<Name extends ControlOperationName> = z.infer<(typeof controlOperations)[Name]['params']>
