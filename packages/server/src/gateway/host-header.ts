import type { IncomingMessage } from 'node:http'

/** Letters, digits, dots, hyphens and `_` (container networks), or a bracketed IPv6 address, with or without a port. */
const hostPattern = /^(?:[\w.-]{1,255}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{0,5})?$/

/** Whether a Host header names a host. */
export function isHost(host: string | undefined): host is string {
  return host !== undefined && hostPattern.test(host)
}

/** `host[:port]` or `[v6]:port` without the port and a final dot, in lower case; empty for what is no host. */
export function hostName(host: string): string {
  return isHost(host) ? host.replace(/\.?(?::\d*)?$/, '').toLowerCase() : ''
}

/**
 * Says why it is not clear which host a request is for, undefined when it is. A proxy before the relay may have understood
 * it in another way: two Host headers, or an absolute target for another host. RFC 9112 sections 3.2 and 3.2.2
 */
export function hostProblem(request: Pick<IncomingMessage, 'rawHeaders' | 'url' | 'httpVersion'>): string | undefined {
  const { rawHeaders, url = '', httpVersion } = request
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')
  const [host] = hosts
  if (host === undefined) return httpVersion === '1.0' ? undefined : 'The Host header is missing.'
  if (hosts.length > 1) return 'There is more than one Host header.'
  if (host !== '' && !isHost(host)) return 'The Host header names no host.'
  const authority = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  if (authority === undefined || (isHost(authority) && hostName(authority) === hostName(host))) return undefined
  return 'The target is for another host than the Host header.'
}
