import type { IncomingMessage } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import { isRelayError, RelayError } from '@postern/protocol'
import { codeOfText } from '../connection/code-of-text.ts'
import { networkReason } from '../connection/network-reason.ts'
import { createOpenSocket, type OpenSocket } from '../connection/open-socket.ts'
import { requestThrough } from '../connection/request-through.ts'
import type { TokenProvider } from '../tokens/token-provider.ts'
import { type EntityFacts, readAtomEntry, readAtomError } from './atom-entry.ts'

/** Whom to ask about which hybrid connection. */
export interface EntityPlace {
  readonly host: string
  /** Default 443. */
  readonly port?: number | undefined
  readonly path: string
  readonly tls: ConnectionOptions | false
  readonly tokenProvider: TokenProvider | undefined
  /** For whoever asks often. Default: a new one, by way of the environment's proxy. */
  readonly openSocket?: OpenSocket
}

const httpsPort = 443
const timeoutMs = 10_000
/** An entry has 2 KiB, its metadata at most one more. */
const maxEntryBytes = 262_144

/**
 * Asks the relay about a hybrid connection as .NET's GetRuntimeInformation does: an Atom entry. Azure asks for
 * the right Listen or Manage, ours is content with any.
 *
 * @throws {RelayError} EndpointNotFound; a token's problem (401, 403), by its text; ConnectionFailed.
 */
export async function readEntity(place: EntityPlace, signal: AbortSignal): Promise<EntityFacts> {
  const { tokenProvider, host, path } = place
  const name = host.includes(':') ? `[${host}]` : host
  const token = await tokenProvider?.getToken({ audience: `http://${name}/${path}`, signal })
  const { status, text } = await get(place, token?.text, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
  if (status === 200) return readAtomEntry(text)
  const message = readAtomError(text) ?? `The relay answered ${status} when it was asked about ${path}`
  if (status === 404) throw new RelayError('EndpointNotFound', { message })
  if (status === 401 || status === 403) {
    const known = codeOfText(message, ({ httpStatus }) => httpStatus === status)
    throw new RelayError(known?.code ?? 'TokenSignatureInvalid', { message, httpStatus: status })
  }
  throw new RelayError('ConnectionFailed', { message })
}

function get(
  { host, port = httpsPort, path, tls, openSocket = createOpenSocket({ tls }) }: EntityPlace,
  token: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const target = {
    host,
    port,
    secure: tls !== false,
    path: `/${path.split('/').map(encodeURIComponent).join('/')}?api-version=2015-01`,
    headers: {
      Accept: 'application/atom+xml',
      // Without it the relay takes this for a request to the listener.
      'X-PROCESS-AT': 'ServiceBus',
      ...(token !== undefined && { Authorization: token }),
    },
    signal,
  }
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      if (isRelayError(cause)) return reject(cause)
      const { reason, help } = signal.aborted ? { reason: 'no answer in time' } : networkReason(cause)
      const message = `The relay ${host}:${port} cannot be reached: ${reason}`
      reject(new RelayError('ConnectionFailed', { message, cause, ...(help !== undefined && { help }) }))
    }
    const onResponse = (response: IncomingMessage): void => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > maxEntryBytes) response.destroy(new Error('its answer is too long'))
        else chunks.push(chunk)
      })
      response.on('error', fail)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    }
    requestThrough(openSocket, target).on('response', onResponse).on('error', fail).end()
  })
}
