import { FarEnd } from '@postern/carrier'
import { Sender } from '@postern/client'
import { type Check, type DoctorReport, type HopResult, notChecked, runChecks, targetChecks } from '@postern/program'
import type { BridgeOptions } from '../bridge.ts'
import { relayOf } from '../bridge.ts'
import { addressOf, type HttpTarget, type LocalForward, type RemoteForward, type RemoteTarget } from '../forward.ts'
import { parseHttpForward, parseLocalForward, parseRemoteForward } from '../parse-forward.ts'
import { entityChecks, type LearnedEntity } from './entity-checks.ts'
import { listenerChecks } from './listener-checks.ts'
import { type RelayAccess, relayAccessOf, resultsOfWay } from './relay-access.ts'
import { senderChecks } from './sender-checks.ts'

/** Settings of {@link diagnoseBridge}. */
export interface DiagnoseBridgeOptions {
  /** Ends everything. */
  readonly signal: AbortSignal
  /** Targets must speak TLS with a certificate that is trusted here. */
  readonly demandsTls?: boolean
}

/**
 * Looks at every hop of a bridge's forwards, without opening a local port.
 *
 * @throws {RelayError} InvalidConfiguration, InvalidConnectionString
 */
export async function diagnoseBridge(
  options: BridgeOptions,
  { signal, demandsTls = false }: DiagnoseBridgeOptions,
): Promise<readonly DoctorReport[]> {
  const { localForwards = [], remoteForwards = [], httpForwards = [] } = options
  const local = localForwards.map((each) => (typeof each === 'string' ? parseLocalForward(each) : each))
  const remote = [
    ...remoteForwards.map((each) => (typeof each === 'string' ? parseRemoteForward(each) : each)),
    ...httpForwards.map(parseHttpForward),
  ]
  const tour: Tour = { options, known: new Map(), signal, demandsTls }
  return (
    await Promise.all([
      ...remote.map((forward) => diagnoseRemote(forward, tour)),
      ...local.map((forward) => diagnoseLocal(forward, tour)),
    ])
  ).flat()
}

/** What the reports of one run share. */
interface Tour {
  readonly options: BridgeOptions
  readonly known: Map<string, Promise<readonly HopResult[]>>
  readonly signal: AbortSignal
  readonly demandsTls: boolean
}

async function diagnoseRemote(forward: RemoteForward, tour: Tour): Promise<readonly DoctorReport[]> {
  const { signal, demandsTls } = tour
  const access = relayAccessOf(relayOf(forward, tour.options))
  const [first, ...others] = [...forward.targets, ...(forward.httpTargets ?? [])].map((target) => ({
    target,
    checks: checksOfTarget(target, demandsTls),
  }))
  const prior = await resultsOfWay(access, tour)
  await using listening = listenerChecks(access, undefined)
  const learned: LearnedEntity = {}
  const checks = [...entityChecks(access, learned), ...listening.checks, ...(first?.checks ?? [])]
  const [hops, ...further] = await Promise.all([
    runChecks(checks, { signal, prior }),
    ...others.map((each) => runChecks(each.checks, { signal })),
  ])
  const subject = `-T ${subjectOf(access)}`
  return [
    { subject: `${subject} to ${first ? addressOf(first.target) : 'nothing'}`, hops: hops ?? [] },
    ...further.map((found, index) => {
      const target = others[index]?.target
      return { subject: `${subject} to ${target ? addressOf(target) : ''}`, hops: found }
    }),
  ]
}

async function diagnoseLocal(forward: LocalForward, tour: Tour): Promise<readonly DoctorReport[]> {
  const { options, signal } = tour
  const { framing = 'azbridge' } = options
  const relay = relayOf(forward, options)
  const access = relayAccessOf(relay)
  const [binding] = forward.bindings
  const open = async (within: AbortSignal): Promise<string> => {
    const farEnd = new FarEnd({ sender: new Sender(relay), framing, attempts: 1 })
    await farEnd.open({
      mode: binding?.protocol === 'udp' ? 'datagram' : 'stream',
      portName: binding?.portName ?? '',
      signal: within,
      onOpened: (connection) => {
        connection.open({ onData: () => {}, onEof: () => {}, onDrain: () => {}, onClosed: () => {} })
        connection.abort()
      },
    })
    return framing === 'raw' ? 'the listener took a stream' : 'the far end reaches its service'
  }
  const learned: LearnedEntity = {}
  const checks = [...entityChecks(access, learned), ...senderChecks(access, { open })]
  const hops = await runChecks(checks, { signal, prior: await resultsOfWay(access, tour) })
  return [{ subject: `-L ${subjectOf(access)}`, hops }]
}

function subjectOf({ route: { host, port, path } }: RelayAccess): string {
  return `${path} at ${host}:${port}`
}

function checksOfTarget(target: RemoteTarget | HttpTarget, demandsTls: boolean): readonly Check[] {
  const unchecked = reasonNotToAsk(target)
  if (unchecked !== undefined || !('port' in target)) {
    return [{ hop: 'target-tcp', run: () => notChecked(`not checked: ${unchecked ?? 'it has no port'}`) }]
  }
  const { host, port } = target
  const isHttps = target.protocol === 'https' && !target.insecure
  return targetChecks({ target: () => ({ host, port }), needs: [], demandsTls: demandsTls || isHttps })
}

function reasonNotToAsk(target: RemoteTarget | HttpTarget): string | undefined {
  if (target.protocol === 'unix') return 'a Unix socket is opened when a stream comes'
  if (target.protocol === 'udp') return 'UDP says nothing until it is used'
  return 'ports' in target ? 'of a range of ports the sender names one' : undefined
}
