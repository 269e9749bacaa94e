import { RelayError } from '@postern/protocol'
import type { ProxyServer } from './proxy-server.ts'

/** What went wrong on the way to a proxy or at it. */
export type ProxyErrorCode = 'ProxyUnreachable' | 'ProxyAuthenticationRequired' | 'ProxyRefused' | 'ProxyConnectFailed'

/** An error that names the proxy and, where it is about one, the destination. */
export function proxyError(code: ProxyErrorCode, proxy: ProxyServer, problem: string, cause?: unknown): RelayError {
  // A proxy's own words may be anything.
  const text = problem.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, 300)
  return new RelayError(code, { message: `The proxy ${proxy.toString()} ${text}`, cause })
}

/** The proxy itself could not be reached. */
export function proxyUnreachable(proxy: ProxyServer, cause: unknown): RelayError {
  return proxyError('ProxyUnreachable', proxy, `cannot be reached: ${reasonOf(cause)}`, cause)
}

/** The proxy was reached and is still busy with its part. */
export function lateAnswer(
  proxy: ProxyServer,
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown,
): RelayError {
  return proxyError('ProxyConnectFailed', proxy, `did not reach ${host}:${port} in time`, cause)
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0] ?? cause.message)
  if (!(cause instanceof Error)) return String(cause)
  const { code = '' } = cause as NodeJS.ErrnoException
  if (cause.name === 'TimeoutError' || code === 'ETIMEDOUT') return 'it does not answer in time'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${code} (no such host name)`
  return /^E[A-Z]+$/.test(code) ? code : cause.message
}
