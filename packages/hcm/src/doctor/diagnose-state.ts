import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { createRelayFetch, type Endpoint, parseEndpoint } from '@postern/client'
import { broken, type DoctorReport, doubtful, type Finding, fine, hopTable, type Secret } from '@postern/program'
import type { DoctorWish } from '../control/control-operations.ts'
import { relayTokensOf } from '../enrolment/hcm-identity.ts'
import type { HcmService } from '../service/hcm-service.ts'
import { findStored } from '../service/stored-access.ts'
import type { StoredHybridConnection } from '../state/hcm-state.ts'
import { StateStore } from '../state/state-store.ts'
import { diagnoseHcm } from './diagnose-hcm.ts'

/** What there is to look at. */
export interface DiagnoseStateOptions {
  readonly store: StateStore
  readonly tls: ConnectionOptions | false
  readonly proxy?: Secret | undefined
  /** The service, when it runs in this process. */
  readonly service?: HcmService
}

/** All together: people wait for it. */
const deadlineMs = 14_000

/** Looks at the hybrid connections of a state. @throws {RelayError} ResourceNotFound for a name that is none. */
export async function diagnoseState(
  { name, namespace, demandsTls }: DoctorWish,
  { store, tls, proxy, service }: DiagnoseStateOptions,
): Promise<readonly DoctorReport[]> {
  const { state, key } = store
  const { identity, listenerId, hybridConnections: all } = state
  const chosen = name === undefined ? all : [findStored(state, { name, namespace })]
  if (chosen.length === 0) return alone(doubtful('no hybrid connections yet', 'Add one: hcm add "<connection string>"'))
  const live = (stored: StoredHybridConnection): { readonly id: string; readonly since: string } | undefined => {
    if (!service?.isListening(stored)) return undefined
    return { id: listenerId, since: service.statusOf(stored).Since }
  }
  const lastEndpoint = (stored: StoredHybridConnection): Endpoint | undefined =>
    parseEndpoint(service?.statusOf(stored).Endpoint ?? '')
  const counted = `${all.length} hybrid ${all.length === 1 ? 'connection' : 'connections'}`
  return diagnoseHcm({
    store,
    hybridConnections: chosen,
    tls,
    proxy,
    demandsTls,
    live,
    lastEndpoint,
    ...(identity && { enrolledTokens: () => relayTokensOf(identity, key, createRelayFetch(proxy?.reveal())) }),
    service: service
      ? fine(`the service runs; ${counted}`)
      : doubtful(`no service runs, so this command looks by itself; ${counted}`, 'Start it: hcm run'),
    signal: AbortSignal.timeout(deadlineMs),
  })
}

/** The same where no service runs; a state that cannot be read is a finding too. */
export async function diagnoseFolder(
  folder: string,
  wish: DoctorWish,
  network: { readonly tls: ConnectionOptions | false; readonly proxy: Secret | undefined },
): Promise<readonly DoctorReport[]> {
  const file = join(folder, 'hcm.json')
  try {
    await access(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const isAbsent = code === 'ENOENT'
    return alone(
      broken(
        isAbsent ? `there is no state in ${folder}, and no service runs` : `${file} cannot be opened: ${code ?? ''}`,
        isAbsent
          ? 'Start it and add a hybrid connection: hcm run, then hcm add. Is it another folder: --state-dir?'
          : 'Use the user that the service runs as, or root.',
      ),
    )
  }
  let store: StateStore
  try {
    store = await StateStore.open(folder)
  } catch (error) {
    return alone(broken((error as Error).message, hopTable.configuration.fix))
  }
  return diagnoseState(wish, { ...network, store })
}

/** A report for when there is nothing behind the configuration to look at. */
function alone(finding: Finding): readonly DoctorReport[] {
  return [{ subject: 'this HCM', hops: [{ hop: 'configuration', ms: 0, ...finding }] }]
}
