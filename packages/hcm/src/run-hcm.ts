import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { CarrierMode, ResumeRules } from '@postern/bridge'
import { createRelayFetch } from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import type { ControlParts } from './control/control-operations.ts'
import { startControl } from './control/start-control.ts'
import { diagnoseState } from './doctor/diagnose-state.ts'
import { RelayMembership } from './enrolment/relay-membership.ts'
import { HandOver } from './hand-over/hand-over.ts'
import { Predecessor, type Served, tellKeeper } from './hand-over/predecessor.ts'
import { hcmVersion } from './hcm-version.ts'
import { HcmService } from './service/hcm-service.ts'
import { describeService } from './service/service-status.ts'
import { StateStore } from './state/state-store.ts'

/** Settings of {@link runHcm}. */
export interface RunHcmOptions {
  /** Holds the state, the key of the machine and the control socket. */
  readonly folder: string
  /** Its state, when it was opened already. */
  readonly store?: StateStore
  /** False for relays that are reached over plain TCP. */
  readonly tls: ConnectionOptions | false
  /** URL of a proxy, or `off`; default: by the environment. */
  readonly proxy?: Secret | undefined
  readonly logger: Logger
  /** Takes over from the one that serves in the folder, if there is one, as soon as everything is served here as well. */
  readonly takeOver?: { readonly timeoutMs: number } | undefined
  /** Where the log is kept, for those who ask. */
  readonly logFile?: string | undefined
  readonly entityIntervalMs?: number
  readonly probeIntervalMs?: number
  /** How often a relay that was joined is told how this HCM is. Default 8 s. */
  readonly reportIntervalMs?: number
  /** Whether connections may share relayed ones. Default `auto`. */
  readonly carriers?: CarrierMode
  readonly resume?: ResumeRules
}

/** A Hybrid Connection Manager that runs. */
export interface RunningHcm {
  readonly service: HcmService
  readonly socketPath: string
  /** Another process has taken over: this one is to be stopped when its streams have ended. */
  readonly retired: Promise<void>
  /** Takes no commands and no streams any more; open streams may go on for `graceMs`. */
  stop(options: { readonly graceMs: number }): Promise<void>
}

/**
 * Puts a Hybrid Connection Manager together and starts it: state, service, control socket, what the relay gives.
 *
 * @throws {RelayError} InvalidConfiguration when the state cannot be read, or another one runs in the folder.
 */
export async function runHcm(options: RunHcmOptions): Promise<RunningHcm> {
  const { folder, logger, logFile, reportIntervalMs: intervalMs, takeOver, ...rest } = options
  const startedAt = new Date()
  const socketPath = controlSocketPath(folder)
  const predecessor = takeOver && (await Predecessor.find(socketPath, takeOver))
  const store = options.store ?? (await openState(folder, predecessor))
  const version = hcmVersion()
  const stopping = new AbortController()
  // As everything else on the way to a relay; a management door that is silent holds up no end.
  const fetch = until(stopping.signal, createRelayFetch(options.proxy?.reveal()))
  const service: HcmService = new HcmService({ ...rest, store, logger, enrolledTokens: () => membership.tokens() })
  const enrolment = { store, service: () => service, fetch, version, logger, intervalMs }
  const membership: RelayMembership = new RelayMembership(enrolment)
  const describe: ControlParts['describe'] = () =>
    describeService({
      service,
      version,
      startedAt,
      folder,
      logFile,
      identity: store.state.identity,
      renewal: handOver.renewal,
    })
  const doctor: ControlParts['doctor'] = (wish) => {
    const { tls, proxy } = options
    return diagnoseState(wish, { store, tls, proxy, service })
  }
  const handOver = new HandOver({
    pause: () => void membership.stop(),
    resume: () => membership.start(),
  })
  const parts = { service, handOver, join: membership.join.bind(membership), describe, doctor }
  if (predecessor) await takeOverFrom(predecessor, { service, store, timeoutMs: takeOver?.timeoutMs ?? 0 })
  const control = await startControl({ socketPath, parts, logger })
  if (predecessor) tellKeeper()
  else service.start()
  membership.start()
  const close = async (): Promise<void> => {
    await control[Symbol.asyncDispose]()
    stopping.abort()
    await membership.stop()
  }
  let closing: Promise<void> | undefined
  return {
    service,
    socketPath,
    retired: handOver.retired,
    stop: async ({ graceMs }) => {
      handOver[Symbol.dispose]()
      closing ??= close()
      await closing
      await service.stop({ graceMs })
    },
  }
}

/** The same `fetch`, whose requests end with a signal besides their own. */
function until(end: AbortSignal, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const own = init?.signal
    return fetch(input, { ...init, signal: own ? AbortSignal.any([own, end]) : end })
  }
}

async function openState(folder: string, predecessor: Predecessor | undefined): Promise<StateStore> {
  try {
    return await StateStore.open(folder)
  } catch (error) {
    await predecessor?.giveUp((error as Error).message)
    throw error
  }
}

/** Serves beside the process that serves already, until that one can go. */
async function takeOverFrom(
  predecessor: Predecessor,
  to: { readonly service: HcmService; readonly store: StateStore; readonly timeoutMs: number },
): Promise<void> {
  const { service, store, timeoutMs } = to
  const served = (): readonly Served[] =>
    store.state.hybridConnections.map((stored) => {
      const { host, path: name } = stored
      return { status: service.show({ name, namespace: host }), isListening: service.isListening(stored) }
    })
  service.start()
  try {
    await predecessor.replace(served, { timeoutMs })
  } catch (error) {
    await service.stop({ graceMs: 0 })
    throw error
  }
}

/** Where the service of a state folder is asked. */
export function controlSocketPath(folder: string): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\postern-hcm-${folder.replaceAll(/[\\/:]/g, '-')}`
    : join(folder, 'control.sock')
}
