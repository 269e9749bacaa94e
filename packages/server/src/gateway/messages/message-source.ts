import { maxHeaderJsonBytes, type RelayTarget, toRequestHeaders, toRequestTarget } from '@postern/protocol'
import type { MessageSource } from '../../messages/message.ts'
import type { MessageCall } from './message-admission.ts'

/**
 * What listeners are told of the messages of one request: its target, headers and origin. Undefined when that is more than the
 * protocol lets a listener have, whether or not there is one.
 */
export function messageSource(
  { request, target, host, remote }: MessageCall,
  options: { readonly dropAuthorization: boolean },
): MessageSource | undefined {
  const headers = toRequestHeaders(request.rawHeaders, { ...options, via: viaOf(host) })
  return bounded({ target, headers, contentType: request.headers['content-type'] ?? '', remote })
}

/** The same for the messages of a WebSocket: its handshake says nothing of them but where they go. */
export function streamedMessageSource(
  { target, host, remote }: MessageCall,
  contentType: string,
): MessageSource | undefined {
  return bounded({
    target,
    headers: { Host: host, 'Content-Type': contentType, Via: viaOf(host) },
    contentType,
    remote,
  })
}

function bounded(
  given: Omit<MessageSource, 'requestTarget'> & { readonly target: RelayTarget },
): MessageSource | undefined {
  const { target, headers, contentType, remote } = given
  const requestTarget = toRequestTarget(target)
  const bytes = Buffer.byteLength(JSON.stringify(headers)) + Buffer.byteLength(JSON.stringify(requestTarget))
  return bytes > maxHeaderJsonBytes ? undefined : { requestTarget, headers, contentType, remote }
}

/** The name under which the sender reached the relay. */
function viaOf(host: string): string {
  return `1.1 ${host.replace(/:\d+$/, '')}`
}
