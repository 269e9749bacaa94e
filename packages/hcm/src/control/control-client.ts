import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type ErrorCode, errorTable, RelayError } from '@postern/protocol'
import type { ControlOperationName, ControlParams, ControlResults } from './control-operations.ts'

/** The longest that a command takes: it may ask a relay and a target that do not answer. */
const timeoutMs = 30_000

/** Asks the service that runs on this machine. */
export class ControlClient {
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** @throws {RelayError} what the service said; ConnectionFailed when none runs or it may not be asked. */
  async call<Name extends ControlOperationName>(
    name: Name,
    params: ControlParams<Name>,
  ): Promise<ControlResults[Name]> {
    const reply = JSON.parse(await this.#post(`/v1/${name}`, JSON.stringify(params))) as Reply
    if ('result' in reply) return reply.result as ControlResults[Name]
    const { code, message } = reply.error
    throw new RelayError(Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'InternalError', { message })
  }

  async #post(path: string, body: string): Promise<string> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({
        socketPath: this.#socketPath,
        path,
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(timeoutMs),
      })
        .on('response', resolve)
        .on('error', (cause: NodeJS.ErrnoException) => reject(this.#failure(cause)))
        .end(body)
    })
    return text(response)
  }

  #failure(cause: NodeJS.ErrnoException): RelayError {
    const problem =
      cause.code === 'EACCES'
        ? 'you may not talk to it; use the user that it runs as, or root'
        : cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
          ? `it does not run, or has another state folder; start it with: hcm run${asRoot()}`
          : cause.message
    const message = `The service cannot be asked (${this.#socketPath}): ${problem}`
    return new RelayError('ConnectionFailed', { message, cause })
  }
}

type Reply = { readonly result: unknown } | { readonly error: { readonly code: string; readonly message: string } }

/** A service that was installed has the folder of root, which others do not see. */
function asRoot(): string {
  const isOrdinary = process.platform !== 'win32' && process.getuid?.() !== 0
  return isOrdinary ? '; one that was installed as a service is asked with sudo' : ''
}
