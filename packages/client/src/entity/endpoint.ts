import { isIPv6 } from 'node:net'

/** The `host:port` that a hybrid connection stands for: where its senders are led to. */
export interface Endpoint {
  /** Host name in lower case, or an address; an IPv6 address without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** RFC 1035 section 2.3.4. */
const maxHostLength = 255
const maxPort = 65_535

/** Reads `host:port` or `[IPv6 address]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const [, address, name, digits] = match ?? []
  const host = address !== undefined && isIPv6(address) ? address : name
  const port = Number(digits)
  if (host === undefined || host.length > maxHostLength || port < 1 || port > maxPort) return undefined
  return { host: host.toLowerCase(), port }
}

/** Writes an endpoint so that `parseEndpoint` reads it back. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** True when both name the same place. */
export function isSameEndpoint(one: Endpoint | undefined, other: Endpoint | undefined): boolean {
  return one?.host === other?.host && one?.port === other?.port
}
