import type { Socket as DatagramSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { connected, dialDatagramTarget, dialTcp, type TunnelSocket, targetUnreachable } from '@postern/bridge'
import { type Endpoint, formatEndpoint } from '@postern/client'
import { type EndpointConsent, type EndpointPolicy, endpointNotAllowed } from '../policy/endpoint-policy.ts'

/** How {@link dialEndpoint} may reach an endpoint. */
export interface EndpointDial {
  readonly policy: EndpointPolicy
  readonly consent: EndpointConsent
  readonly timeoutMs: number
  /** Sees the socket before it is connected. */
  readonly onDialing?: (socket: TunnelSocket) => void
}

/**
 * Opens a TCP connection to an endpoint that the site allows. Where only networks are allowed, the addresses that were
 * checked are the ones that are dialed: a name that resolves to something else a moment later leads nowhere.
 *
 * @throws {RelayError} EndpointNotAllowed; TargetUnreachable with the reason.
 */
export async function dialEndpoint(endpoint: Endpoint, dial: EndpointDial): Promise<TunnelSocket> {
  const { policy, consent, timeoutMs, onDialing } = dial
  const allowed = await checkEndpoint(endpoint, policy, consent)
  const { host, port } = endpoint
  const socket = dialTcp({ host, port, ...(allowed && { lookup: answerWith(allowed) }) })
  onDialing?.(socket)
  return await connected(socket, { target: formatEndpoint(endpoint), timeoutMs })
}

/**
 * Opens a UDP socket that talks to an endpoint that the site allows, under the same rules.
 *
 * @throws {RelayError} EndpointNotAllowed; TargetUnreachable with the reason.
 */
export async function dialDatagramEndpoint(
  endpoint: Endpoint,
  { policy, consent }: Pick<EndpointDial, 'policy' | 'consent'>,
): Promise<DatagramSocket> {
  const [address] = (await checkEndpoint(endpoint, policy, consent)) ?? []
  const target = {
    protocol: 'udp',
    host: address?.address ?? endpoint.host,
    port: endpoint.port,
    portName: '',
  } as const
  return await dialDatagramTarget(target, { attempts: 1 })
}

/** The addresses that may be dialed; undefined when the name is allowed, whatever it resolves to. */
async function checkEndpoint(
  endpoint: Endpoint,
  policy: EndpointPolicy,
  consent: EndpointConsent,
): Promise<readonly LookupAddress[] | undefined> {
  const decision = policy.decide(endpoint, consent)
  if (decision === 'refused') throw endpointNotAllowed(endpoint)
  return decision === 'byAddress' ? await allowedAddresses(endpoint, policy) : undefined
}

async function allowedAddresses(endpoint: Endpoint, policy: EndpointPolicy): Promise<readonly LookupAddress[]> {
  const found = await lookup(endpoint.host, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw targetUnreachable(formatEndpoint(endpoint), error.code ?? error.message)
  })
  const allowed = found.filter(({ address }) => policy.allowsAddress(address, endpoint.port))
  if (allowed.length > 0) return allowed
  throw endpointNotAllowed(
    endpoint,
    found.map(({ address }) => address),
  )
}

function answerWith(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses
    if (all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }
}
