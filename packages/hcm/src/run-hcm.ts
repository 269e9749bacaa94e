import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { CarrierMode } from '@postern/bridge'
import { createRelayFetch } from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { ControlParts } from './control/control-operations.ts'
import { startControl } from './control/start-control.ts'
import { diagnoseState } from './doctor/diagnose-state.ts'
import { EnrolledSync, pinsOf, placesOf } from './enrolment/enrolled-sync.ts'
import { enrol, managementClientOf, relayTokensOf } from './enrolment/hcm-identity.ts'
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
  /** Where the log is kept, for those who ask. */
  readonly logFile?: string | undefined
  readonly entityIntervalMs?: number
  readonly probeIntervalMs?: number
  /** How often a relay that was joined is told how this HCM is. Default 8 s. */
  readonly reportIntervalMs?: number
  /** Whether connections may share relayed ones. Default `auto`. */
  readonly carriers?: CarrierMode
}

/** A Hybrid Connection Manager that runs. */
export interface RunningHcm {
  readonly service: HcmService
  readonly socketPath: string
  /** Takes no commands and no streams any more; open streams may go on for `graceMs`. */
  stop(options: { readonly graceMs: number }): Promise<void>
}

/**
 * Puts a Hybrid Connection Manager together and starts it: state, service, control socket, what the relay gives.
 *
 * @throws {RelayError} InvalidConfiguration when the state cannot be read, or another one runs in the folder.
 */
export async function runHcm(options: RunHcmOptions): Promise<RunningHcm> {
  const { folder, logger, logFile, reportIntervalMs: intervalMs, ...rest } = options
  const startedAt = new Date()
  const socketPath = controlSocketPath(folder)
  const store = options.store ?? (await StateStore.open(folder))
  const version = hcmVersion()
  const stopping = new AbortController()
  // As everything else on the way to a relay; a management door that is silent holds up no end.
  const fetch = until(stopping.signal, createRelayFetch(options.proxy?.reveal()))
  const service = new HcmService({
    ...rest,
    store,
    logger,
    enrolledTokens: () => relayTokensOf(demandIdentity(), store.key, fetch),
  })
  let sync: EnrolledSync | undefined

  function demandIdentity(): NonNullable<typeof store.state.identity> {
    if (store.state.identity) return store.state.identity
    throw new RelayError('InvalidConfiguration', { message: 'This HCM has joined no relay' })
  }
  const startSync = (): void => {
    const client = managementClientOf(demandIdentity(), store.key, fetch)
    sync = new EnrolledSync({ client, service, version, logger, intervalMs })
    sync.start()
  }
  const joinRelay: ControlParts['join'] = async ({ token, endpoint, name }) => {
    if (store.state.identity) {
      const { endpoint: standing, name: known } = store.state.identity
      throw new RelayError('ResourceConflict', { message: `This HCM belongs to ${standing} already, as ${known}` })
    }
    const request = { token, endpoint, name: name === '' ? hostname() : name, version }
    const { identity, reply } = await enrol(request, store.key, fetch)
    await store.update((state) => ({ ...state, identity }))
    await service.give(placesOf(reply.hybridConnections), pinsOf(reply.hybridConnections))
    startSync()
    return { hcmId: identity.hcmId, name: identity.name, endpoint }
  }
  const describe: ControlParts['describe'] = () =>
    describeService({ service, version, startedAt, folder, logFile, identity: store.state.identity })
  const doctor: ControlParts['doctor'] = (wish) => {
    const { tls, proxy } = options
    return diagnoseState(wish, { store, tls, proxy, service })
  }
  const parts = { service, join: joinRelay, describe, doctor }
  const control = await startControl({ socketPath, parts, logger })
  service.start()
  if (store.state.identity) startSync()
  return {
    service,
    socketPath,
    stop: async ({ graceMs }) => {
      await control[Symbol.asyncDispose]()
      stopping.abort()
      await sync?.stop()
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

/** Where the service of a state folder is asked. */
export function controlSocketPath(folder: string): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\postern-hcm-${folder.replaceAll(/[\\/:]/g, '-')}`
    : join(folder, 'control.sock')
}
