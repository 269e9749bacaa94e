import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { isRelayError, RelayError } from '@postern/protocol'
import type { Logger } from '../log/logger.ts'

/** What can be asked of a running program: name to what is done. Parameters are as a stranger may have sent them. */
export type ControlOperations = Readonly<Record<string, (params: unknown) => unknown>>

/** What a {@link ControlServer} works with. */
export interface ControlServerOptions {
  /** Name of the program, for errors and log lines: `hcm`. */
  readonly program: string
  readonly socketPath: string
  readonly operations: ControlOperations
  readonly logger: Logger
}

/** A connection string has at most a few hundred bytes. */
const maxBodyBytes = 16_384
/** `sun_path` of Linux has 108 bytes with the zero behind it; macOS has 104. */
const maxSocketPathBytes = 103

/**
 * Takes the commands of this machine: HTTP over a Unix socket that only the user of the program, and root, can open. The
 * file mode is the guard; there is no other.
 */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server
  readonly #options: ControlServerOptions

  private constructor(options: ControlServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  /** @throws {RelayError} InvalidConfiguration when another program answers at the socket, or its path is too long. */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const { socketPath } = options
    if (process.platform !== 'win32') await makeRoom(options)
    const control = new ControlServer(options)
    // From the first moment on: bind takes the mode from the mask.
    const before = process.umask(0o177)
    try {
      control.#server.listen(socketPath)
    } finally {
      process.umask(before)
    }
    await once(control.#server, 'listening')
    if (process.platform !== 'win32') await chmod(socketPath, 0o600)
    return control
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { operations, logger, program } = this.#options
    try {
      const name = /^\/v1\/(\w+)$/.exec(request.url ?? '')?.[1]
      const operation = name !== undefined && Object.hasOwn(operations, name) ? operations[name] : undefined
      if (request.method !== 'POST' || !operation) {
        throw new RelayError('ResourceNotFound', {
          message: 'The running service knows no such command',
          help: 'It is older than this program: restart it.',
        })
      }
      reply(response, 200, { result: await operation(await readBody(request)) })
    } catch (error) {
      const known = isRelayError(error) ? error : undefined
      if (!known && !isForeign(error)) logger.error(`${program}.command-failed`, { error })
      const { code = 'InternalError', message = String(error) } = error as { code?: string; message?: string }
      reply(response, known?.httpStatus ?? 500, { error: { code, message, help: known?.help } })
    }
  }
}

/** An error of the management API has a code and a text for people. */
function isForeign(error: unknown): boolean {
  return error instanceof Error && error.name === 'ManagementError'
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new RelayError('InvalidConfiguration', { message: 'The parameters are too long' })
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new RelayError('InvalidConfiguration', { message: 'The parameters are no JSON' })
  }
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

/** A socket that nobody answers at was left by a program that was killed. */
async function makeRoom({ socketPath, program }: ControlServerOptions): Promise<void> {
  if (Buffer.byteLength(socketPath) > maxSocketPathBytes) {
    throw new RelayError('InvalidConfiguration', {
      message: `The path ${socketPath} is too long for a socket; choose a state folder with a shorter one`,
    })
  }
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
  } catch {
    await rm(socketPath, { force: true })
    return
  } finally {
    socket.destroy()
  }
  throw new RelayError('InvalidConfiguration', {
    message: `Another ${program} runs already and answers at ${socketPath}`,
  })
}
