import { delay } from './delay.ts'
import { ManagementError } from './management-error.ts'
import { readFailure } from './read-reply.ts'
import { retryAfterMs } from './retry-after.ts'

/** Gives the access token. When the relay has refused one, it is asked again with that one. */
export type TokenSource = (refused?: string) => string | Promise<string>

export interface CallerOptions {
  /** `https://host[:port]` of the management door. */
  readonly endpoint: string
  readonly token: TokenSource
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch
}

/** One HTTP request of a call. */
export interface CallRequest {
  readonly method: string
  /** Path and query, or an address at the same endpoint. */
  readonly target: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Answers "later" that one call takes before it fails. */
const maxRetries = 4
const firstRetryMs = 1_000

/** HTTP with a bearer token: retries what the relay asks to be tried later, sends the token nowhere else. */
export class Caller {
  readonly #options: CallerOptions
  readonly #endpoint: URL

  /** @throws {ManagementError} InsecureEndpoint */
  constructor(options: CallerOptions) {
    this.#options = options
    this.#endpoint = checkEndpoint(options.endpoint)
  }

  /** The answer to a request that succeeded. @throws {ManagementError} when it did not */
  async send(request: CallRequest): Promise<Response> {
    const url = this.#resolve(request.target)
    let token = await this.#options.token()
    let isRenewed = false
    for (let retries = 0; ; ) {
      const response = await this.#fetch(url, request, token)
      // 304 answers a question that named what the caller has.
      if (response.ok || response.status === 304) return response
      if (response.status === 401 && !isRenewed) {
        isRenewed = true
        const renewed = await this.#options.token(token)
        if (renewed !== token) {
          token = renewed
          await response.body?.cancel()
          continue
        }
      }
      if ((response.status !== 429 && response.status !== 503) || retries >= maxRetries)
        throw await readFailure(response)
      await response.body?.cancel()
      await delay(retryAfterMs(response.headers, firstRetryMs * 2 ** retries), request.signal)
      retries += 1
    }
  }

  #resolve(target: string): URL {
    const url = new URL(target, this.#endpoint)
    if (url.origin === this.#endpoint.origin) return url
    throw new ManagementError('ForeignAddress', { message: `The relay points to ${url.origin}, which is not itself` })
  }

  async #fetch(url: URL, request: CallRequest, token: string): Promise<Response> {
    const { method, body, headers, signal } = request
    const send = this.#options.fetch ?? globalThis.fetch.bind(globalThis)
    try {
      return await send(url, {
        method,
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // A redirect could carry the token to somebody else.
        redirect: 'error',
        signal,
      })
    } catch (cause) {
      throw connectionFailure(cause, signal, this.#endpoint)
    }
  }
}

/** What a fetch that gave no answer is thrown as: the reason of the signal, or ConnectionFailed. */
export function connectionFailure(cause: unknown, signal: AbortSignal, { host }: URL): unknown {
  if (signal.aborted) return signal.reason
  const message = `The relay at ${host} cannot be reached: ${rootCause(cause)}`
  return new ManagementError('ConnectionFailed', { message, cause })
}

/** `fetch failed` says nothing; what it wraps does. */
function rootCause(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown.cause instanceof Error) return rootCause(thrown.cause)
  // Both addresses of a name were tried, and the sum of the failures has no text.
  if (thrown instanceof AggregateError && thrown.message === '') return rootCause(thrown.errors[0])
  return thrown.message
}

/**
 * Reads an endpoint. Over plain HTTP everybody on the way sees the token: only this machine itself is reached by it.
 * @throws {ManagementError} InsecureEndpoint
 */
export function checkEndpoint(text: string): URL {
  const url = URL.parse(text)
  const isLoopback = url !== null && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return url
  throw new ManagementError('InsecureEndpoint', { message: `The endpoint "${text}" must be https://HOST[:PORT]` })
}
