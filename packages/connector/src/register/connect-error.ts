import { isRelayError } from '@postern/protocol'

/** The words of the system that drivers know, and try again by. */
const codes: Readonly<Record<string, string>> = {
  AcceptTimeout: 'ETIMEDOUT',
  ConnectTimeout: 'ETIMEDOUT',
  ConnectionFailed: 'EHOSTUNREACH',
}

/** The error of a program whose endpoint cannot be reached: as the system would say it, with the reason behind it. */
export function connectError(host: string, port: number, cause: unknown): NodeJS.ErrnoException {
  const code = (isRelayError(cause) ? codes[cause.code] : undefined) ?? 'ECONNREFUSED'
  const reason = cause instanceof Error ? cause.message : String(cause)
  const error = new Error(`connect ${code} ${host}:${port} through the relay: ${reason}`, { cause })
  return Object.assign(error, { code, syscall: 'connect', address: host, port })
}
