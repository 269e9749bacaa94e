import type { IncomingMessage } from 'node:http'
import { hostName, isHost } from './host-header.ts'

/**
 * Says what is wrong with the head of a request that the parser has taken, undefined when nothing is. It looks for what
 * a proxy before the relay, or the listener behind it, may understand in another way.
 */
export function requestHeadProblem(
  request: Pick<IncomingMessage, 'rawHeaders' | 'url' | 'httpVersion'>,
): string | undefined {
  const { rawHeaders, url = '', httpVersion } = request
  // The parser takes HTTP/2.0 in a request line for a version like any other.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'The version of HTTP is neither 1.1 nor 1.0.'
  // The header is not passed on, so that a listener could not know what the body is. RFC 9112 section 6.1
  if (valuesOf(rawHeaders, 'transfer-encoding').some((value) => value.toLowerCase() !== 'chunked')) {
    return 'The transfer encoding is not chunked.'
  }
  return hostProblem(valuesOf(rawHeaders, 'host'), url, httpVersion)
}

/** RFC 9112 sections 3.2 and 3.2.2: one host, and an absolute target names the same one. */
function hostProblem(hosts: readonly string[], url: string, httpVersion: string): string | undefined {
  const [host] = hosts
  if (host === undefined) return httpVersion === '1.0' ? undefined : 'The Host header is missing.'
  if (hosts.length > 1) return 'There is more than one Host header.'
  if (host !== '' && !isHost(host)) return 'The Host header names no host.'
  const authority = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  if (authority === undefined || (isHost(authority) && hostName(authority) === hostName(host))) return undefined
  return 'The target is for another host than the Host header.'
}

function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
}
