import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type ErrorCode, errorTable, RelayError } from '@postern/protocol'

/** What {@link askControl} needs. */
export interface ControlQuestion {
  readonly socketPath: string
  /** How the program is started, for whoever finds that it is not: `hcm run`. */
  readonly startWith: string
  readonly name: string
  readonly params: unknown
}

/** The longest that a command takes: it may ask a relay and a target that do not answer. */
const timeoutMs = 30_000

/**
 * Asks a program that runs on this machine, at its control socket.
 *
 * @throws {RelayError} what the program said; ConnectionFailed when none runs or it may not be asked.
 */
export async function askControl(question: ControlQuestion): Promise<unknown> {
  const answer = JSON.parse(await post(question)) as Reply
  if ('result' in answer) return answer.result
  const { code, message, help } = answer.error
  const known = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'InternalError'
  throw new RelayError(known, { message, ...(help !== undefined && { help }) })
}

async function post(question: ControlQuestion): Promise<string> {
  const body = JSON.stringify(question.params)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest({
      socketPath: question.socketPath,
      path: `/v1/${question.name}`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(timeoutMs),
    })
      .on('response', resolve)
      .on('error', (cause: NodeJS.ErrnoException) => reject(failure(question, cause)))
      .end(body)
  })
  return text(response)
}

function failure({ socketPath, startWith }: ControlQuestion, cause: NodeJS.ErrnoException): RelayError {
  const [problem, help] =
    cause.code === 'EACCES'
      ? ['you may not talk to it', 'Use the user that it runs as, or root.']
      : cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
        ? ['it does not run, or has another state folder', `Start it: ${startWith}. Another folder: --state-dir.`]
        : [cause.message, 'Try again; if it stays so, start it anew.']
  const message = `The service cannot be asked (${socketPath}): ${problem}`
  return new RelayError('ConnectionFailed', { message, help, cause })
}

type Reply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly help?: string } }
