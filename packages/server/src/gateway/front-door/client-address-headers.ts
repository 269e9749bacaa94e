import { isIP } from 'node:net'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'

/** Reads `X-Forwarded-For`, client first. An entry that is no address is `undefined`; a port that is not told is 0. */
export function readXForwardedFor(header: string): (RemoteEndpoint | undefined)[] {
  return header === '' ? [] : header.split(',').map(readNode)
}

/**
 * Reads the `for` parameters of `Forwarded`, client first. An element without one, or with an obfuscated name, is
 * `undefined`.
 * @see RFC 7239 sections 4 and 6
 */
export function readForwardedFor(header: string): (RemoteEndpoint | undefined)[] {
  return header === '' ? [] : splitOutsideQuotes(header, ',').map(readForwardedElement)
}

function readForwardedElement(element: string): RemoteEndpoint | undefined {
  for (const pair of splitOutsideQuotes(element, ';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim().toLowerCase() === 'for') {
      return readNode(unquote(pair.slice(equals + 1).trim()))
    }
  }
  return undefined
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function readNode(node: string): RemoteEndpoint | undefined {
  const text = node.trim()
  const bracketed = /^\[([^\]]{2,60})\](?::(\d{1,5}))?$/.exec(text)
  const withPort = bracketed ?? /^(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?$/.exec(text)
  const host = withPort?.[1] ?? text
  const address = bracketed !== null && isIP(host) !== 6 ? undefined : canonicalAddress(host)
  const port = Number(withPort?.[2] ?? 0)
  return address === undefined || port > 65_535 ? undefined : { address, port }
}

/** One pass over the text, whatever it holds: a client may have written most of it. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\') {
      at++
    } else if (character === '"') {
      quoted = !quoted
    } else if (!quoted && character === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    : text
}
