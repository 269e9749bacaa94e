import { type ControlOperations, ControlServer, type Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import {
  type ControlOperationName,
  type ControlParts,
  changingOperations,
  controlOperations,
} from './control-operations.ts'

/** What {@link startControl} works with. */
export interface StartControlOptions {
  readonly socketPath: string
  readonly parts: ControlParts
  readonly logger: Logger
}

/**
 * Takes the commands of this machine at a Unix socket.
 *
 * @throws {RelayError} InvalidConfiguration when another service answers at the socket, or its path is too long.
 */
export function startControl({ socketPath, parts, logger }: StartControlOptions): Promise<ControlServer> {
  const names = Object.keys(controlOperations) as ControlOperationName[]
  const operations: ControlOperations = Object.fromEntries(
    names.map((name) => [name, (params: unknown) => run(parts, name, params)]),
  )
  return ControlServer.start({ program: 'hcm', socketPath, operations, logger })
}

async function run(parts: ControlParts, name: ControlOperationName, body: unknown): Promise<unknown> {
  const { params, run: perform } = controlOperations[name]
  const read = params.safeParse(body)
  // Values may be secrets.
  if (!read.success) {
    const where = read.error.issues[0]?.path.join('.') ?? ''
    throw new RelayError('InvalidConfiguration', { message: `The parameter ${where} of ${name} cannot be used` })
  }
  if (changingOperations.has(name)) parts.handOver.demandIdle()
  return await (perform as (parts: ControlParts, params: unknown) => unknown)(parts, read.data)
}
