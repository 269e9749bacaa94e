import type { Connector, ConnectorPlace } from '../connector.ts'
import { formatTarget } from '../names/endpoint-text.ts'
import { type PingReport, reportOf } from './hop.ts'
import { pingFarEnd } from './ping-far-end.ts'
import { pingRelay } from './ping-relay.ts'

/**
 * Tries the way from a connector to an endpoint, hop by hop, up to the service at the far end.
 *
 * @throws {RelayError} ResourceNotFound when it is no endpoint of the connector.
 */
export async function pingEndpoint(connector: Connector, place: ConnectorPlace): Promise<PingReport> {
  const route = connector.demandRoute(place)
  const toRelay = await pingRelay(route.relayWay)
  const isFailed = toRelay.some(({ result }) => result === 'failed')
  return reportOf(formatTarget(route.spec), isFailed ? toRelay : [...toRelay, ...(await pingFarEnd(route))])
}
