/** The `host:port` that a hybrid connection stands for: where its listener leads its senders to. */
export interface Endpoint {
  /** Host name as it was written, or address; an IPv6 address without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** Reads `host:port` or `[IPv6 address]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[(.+)\]|([\w.-]+)):(\d{1,5})$/.exec(text)
  const [, address, name] = match ?? []
  const host = address !== undefined && isIPv6(address) ? address : name
  const port = Number(match?.[3])
  if (host === undefined || host.length > maxHostLength || port < 1 || port > maxPort) return undefined
  return { host, port }
}

/** Writes an endpoint so that `parseEndpoint` reads it back. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** True when both name the same place. Host names have no case (RFC 4343). */
export function isSameEndpoint(one: Endpoint | undefined, other: Endpoint | undefined): boolean {
  return one?.host.toLowerCase() === other?.host.toLowerCase() && one?.port === other?.port
}

/** RFC 1035 section 2.3.4. */
const maxHostLength = 255
const maxPort = 65_535

/** RFC 4291 section 2.2, and a zone of RFC 4007 section 11. Browsers run this too: no `node:net`. */
function isIPv6(text: string): boolean {
  const [address = '', zone = 'any', ...others] = text.split('%')
  const isZone = /^[\w.-]+$/.test(zone) && others.length === 0
  return isZone && /^[\da-f:.]+$/i.test(address) && URL.canParse(`http://[${address}]`)
}
