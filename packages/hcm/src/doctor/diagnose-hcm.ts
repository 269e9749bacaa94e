import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { ConnectionOptions } from 'node:tls'
import {
  entityChecks,
  findingOf,
  type LearnedEntity,
  type LiveListener,
  listenerChecks,
  type RelayAccess,
  relayAccessOf,
  resultsOfWay,
} from '@postern/bridge'
import { type Endpoint, formatEndpoint, parseEndpoint, type TokenProvider } from '@postern/client'
import {
  broken,
  type Check,
  type DoctorReport,
  type Finding,
  fine,
  type HopResult,
  hopTable,
  notChecked,
  runChecks,
  type Secret,
  targetChecks,
} from '@postern/program'
import { type EndpointConsent, EndpointPolicy, endpointNotAllowed } from '../policy/endpoint-policy.ts'
import { isBizTalk } from '../service/connection-place.ts'
import { endOfLifeStatement } from '../service/status.ts'
import { accessOf } from '../service/stored-access.ts'
import type { StoredHybridConnection } from '../state/hcm-state.ts'
import type { StateStore } from '../state/state-store.ts'

/** What {@link diagnoseHcm} works with. */
export interface DiagnoseHcmOptions {
  readonly store: StateStore
  /** Which of them. */
  readonly hybridConnections: readonly StoredHybridConnection[]
  readonly tls: ConnectionOptions | false
  readonly proxy?: Secret | undefined
  readonly enrolledTokens?: (() => TokenProvider) | undefined
  /** The listener of the service that runs, where its control channel is open. */
  readonly live: (stored: StoredHybridConnection) => LiveListener | undefined
  /** The endpoint that the service that runs was told last. */
  readonly lastEndpoint: (stored: StoredHybridConnection) => Endpoint | undefined
  /** What is to be said of the service. */
  readonly service: Finding
  /** Targets must speak TLS with a certificate that is trusted here. */
  readonly demandsTls: boolean
  readonly signal: AbortSignal
}

/** What the reports of one run share. */
interface Tour extends DiagnoseHcmOptions {
  readonly known: Map<string, Promise<readonly HopResult[]>>
  readonly policy: EndpointPolicy
}

/** Looks at every hop of hybrid connections: relay, control channel, site, target. */
export async function diagnoseHcm(options: DiagnoseHcmOptions): Promise<readonly DoctorReport[]> {
  const tour: Tour = { ...options, known: new Map(), policy: new EndpointPolicy(options.store.state.policy) }
  return Promise.all(
    options.hybridConnections.map(async (stored) => ({
      subject: `${stored.host}/${stored.path}`,
      hops: await hopsOf(stored, tour),
    })),
  )
}

async function hopsOf(stored: StoredHybridConnection, tour: Tour): Promise<readonly HopResult[]> {
  const first: HopResult = { hop: 'configuration', ms: 0, ...tour.service }
  if (isBizTalk(stored.host)) {
    return [{ ...first, ...broken(endOfLifeStatement, 'hcm remove it, and add a hybrid connection of Azure Relay.') }]
  }
  const access = accessTo(stored, tour)
  if ('problem' in access) return [{ ...first, ...access.problem }]
  const { signal } = tour
  const learned: LearnedEntity = {}
  await using listening = listenerChecks(access, tour.live(stored))
  const site = siteChecks(stored, { tour, learned })
  const prior = [first, ...(await resultsOfWay(access, tour))]
  // Not before: what listens is closed when this function is left.
  return await runChecks([...entityChecks(access, learned), ...listening.checks, ...site], { signal, prior })
}

function accessTo(stored: StoredHybridConnection, tour: Tour): RelayAccess | { readonly problem: Finding } {
  const { tls, proxy } = tour
  const { host, path } = stored
  try {
    const { port, tokenProvider } = accessOf(stored, tour)
    return relayAccessOf({
      host,
      path,
      tls,
      ...(port !== undefined && { port }),
      ...(proxy && { proxy: proxy.reveal() }),
      ...(tokenProvider && { tokenProvider }),
    })
  } catch (error) {
    return { problem: broken((error as Error).message, hopTable.configuration.fix) }
  }
}

function pinnedOf({ pinned }: StoredHybridConnection): Endpoint | undefined {
  return pinned === undefined ? undefined : parseEndpoint(pinned)
}

/** The checks that need no relay, once the endpoint is known; an endpoint of old is better than none. */
function siteChecks(
  stored: StoredHybridConnection,
  { tour, learned }: { readonly tour: Tour; readonly learned: LearnedEntity },
): readonly Check[] {
  const { demandsTls, policy } = tour
  const endpoint = (): Endpoint | undefined =>
    learned.facts ? learned.facts.endpoint : (tour.lastEndpoint(stored) ?? pinnedOf(stored))
  return [
    { hop: 'endpoint', after: ['entity'], run: () => judgeEndpoint(stored, { learned, endpoint: endpoint() }) },
    {
      hop: 'policy',
      needs: ['endpoint'],
      run: async () => {
        const where = endpoint()
        if (!where) return notChecked('not checked, as the endpoint is not known')
        // What is added by hand has the endpoint pinned that it is first seen with.
        const pinned = pinnedOf(stored) ?? (stored.origin === 'manual' ? where : undefined)
        return judgePolicy(policy, where, { pinned, follows: stored.follow })
      },
    },
    ...targetChecks({ target: endpoint, needs: ['policy'], demandsTls }),
  ]
}

function judgeEndpoint(
  { path, pinned }: StoredHybridConnection,
  { learned, endpoint }: { readonly learned: LearnedEntity; readonly endpoint: Endpoint | undefined },
): Finding {
  if (!endpoint) {
    if (!learned.facts) return notChecked('not known, as the relay could not be asked')
    return broken(
      `the hybrid connection "${path}" says no endpoint`,
      'Set its userMetadata to [{"key":"endpoint","value":"host:port"}]; it counts at once.',
    )
  }
  const where = formatEndpoint(endpoint)
  return fine(pinned === undefined || pinned === where ? where : `${where} (when it was added: ${pinned})`)
}

async function judgePolicy(policy: EndpointPolicy, endpoint: Endpoint, consent: EndpointConsent): Promise<Finding> {
  const decision = policy.decide(endpoint, consent)
  if (decision === 'allowed') return fine(`${formatEndpoint(endpoint)} is allowed here`)
  if (decision === 'refused') return findingOf(endpointNotAllowed(endpoint), hopTable.policy.fix)
  const found = await lookup(endpoint.host, { all: true }).catch((): LookupAddress[] => [])
  if (found.length === 0) return notChecked('not checked: networks are allowed, and the name has no address')
  if (found.some(({ address }) => policy.allowsAddress(address, endpoint.port))) {
    return fine(`${formatEndpoint(endpoint)} is in a network that is allowed here`)
  }
  const addresses = found.map(({ address }) => address)
  return findingOf(endpointNotAllowed(endpoint, addresses), hopTable.policy.fix)
}
