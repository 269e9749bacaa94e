import { formatEndpoint, parseEndpoint } from '@postern/client'
import { isWildcard, plainHost } from './host-name.ts'

/** How an endpoint is spoken to. */
export type EndpointProtocol = 'tcp' | 'udp'

/** What programs open: a port of a host. */
export interface ConnectorTarget {
  /** As `plainHost` makes it; `*.corp` for every name below. */
  readonly host: string
  readonly port: number
  readonly protocol: EndpointProtocol
}

/** Reads `db.corp:5432`, `*.corp:443`, `[fd00::1]:22` or, for UDP, `dns.corp:53U`; undefined for anything else. */
export function parseTarget(text: string): ConnectorTarget | undefined {
  const protocol = /u$/i.test(text) ? 'udp' : 'tcp'
  const endpoint = protocol === 'udp' ? text.slice(0, -1) : text
  const prefix = isWildcard(endpoint) ? '*.' : ''
  const parsed = parseEndpoint(endpoint.slice(prefix.length))
  if (!parsed || /^\.|\.\./.test(parsed.host)) return undefined
  return { host: plainHost(prefix + parsed.host), port: parsed.port, protocol }
}

/** Writes a target so that `parseTarget` reads it back. */
export function formatTarget({ host, port, protocol }: ConnectorTarget): string {
  return `${formatEndpoint({ host, port })}${protocol === 'udp' ? 'U' : ''}`
}
