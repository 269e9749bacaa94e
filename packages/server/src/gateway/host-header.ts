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
