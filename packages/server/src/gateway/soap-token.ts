import type { IncomingMessage } from 'node:http'
import { findRelayAccessToken, maxSoapHeadBytes, type RelayAccessToken } from '@postern/protocol'
import { GatheredBytes } from '../domain/gathered-bytes.ts'
import type { Call } from './call.ts'

/** What came of looking for a token in a request's body. */
export type SoapToken = RelayAccessToken | { readonly kind: 'late' }

const soapType = /^(?:text\/xml|application\/soap\+xml)\s*(?:;|$)/i
const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i

/** Whether a request without another token may have one in its SOAP envelope: a POST of XML in UTF-8 to what demands a token. */
export function mayHaveSoapToken({ request, entity }: Pick<Call, 'request' | 'entity'>): boolean {
  if (entity === undefined || !entity.requiresClientAuthorization || request.method !== 'POST') return false
  const type = request.headers['content-type'] ?? ''
  const isUtf8 = /^utf-?8$/i.test(charset.exec(type)?.[1] ?? 'utf-8')
  return soapType.test(type) && isUtf8 && request.headers['content-encoding'] === undefined
}

/**
 * Takes the header `RelayAccessToken` out of a request's body: who reads the request afterwards gets the body without it, every
 * other byte as it came. Waits for the whole body or {@link maxSoapHeadBytes} of it, and keeps no more than that and one read.
 *
 * @param options.goOn called once, unless the sender goes away before
 */
export function takeSoapToken(
  request: IncomingMessage,
  { timeoutMs, goOn }: { readonly timeoutMs: number; readonly goOn: (found: SoapToken) => void },
): void {
  const gathered = new GatheredBytes()
  const stop = (): void => {
    clearTimeout(timer)
    request.off('readable', onReadable).off('close', stop).off('error', stop)
  }
  const onReadable = (): void => {
    for (let chunk = read(request); chunk !== null; chunk = read(request)) {
      gathered.add(chunk)
    }
    if (gathered.length < maxSoapHeadBytes && !request.complete) return
    stop()
    const head = gathered.whole()
    const found = findRelayAccessToken(head)
    const rest = found.kind === 'token' ? [head.subarray(0, found.start), head.subarray(found.end)] : [head]
    // Before this turn ends: a request whose end was heard takes nothing back.
    if (head.length > 0) request.unshift(Buffer.concat(rest))
    goOn(found)
  }
  const timer = setTimeout(() => {
    stop()
    goOn({ kind: 'late' })
  }, timeoutMs)
  request.on('readable', onReadable).on('close', stop).on('error', stop)
}

/** Lets a request end whose body was begun to be read and is not wanted. */
export function dropBody({
  request,
  response,
}: {
  readonly request: IncomingMessage
  readonly response: Droppable
}): void {
  if (!request.complete) response.shouldKeepAlive = false
  request.resume()
}

interface Droppable {
  shouldKeepAlive: boolean
}

function read(request: IncomingMessage): Uint8Array | null {
  return request.read() as Uint8Array | null
}
