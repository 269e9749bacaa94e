import { join } from 'node:path'
import { askControl, type ControlOperations } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { z } from 'zod'
import type { EndpointDiagnosis } from '../doctor/diagnose-connector.ts'
import { parseTarget } from '../names/endpoint-text.ts'
import type { PingReport } from '../ping/hop.ts'
import type { ConnectorFacts } from '../routes/status.ts'

/** Everything that commands ask of a running connector. */
export interface ConnectorAnswers {
  readonly status: ConnectorFacts
  readonly ping: ServedPing
  readonly doctor: readonly EndpointDiagnosis[]
}

/** The way from a running connector to an endpoint. */
export interface ServedPing {
  readonly report: PingReport
  /** Host as it is configured, and where the connector listens for it. */
  readonly host: string
  readonly address?: string
}

/** What the control API works on. */
export interface ConnectorControlParts {
  readonly facts: () => ConnectorFacts
  readonly ping: (target: {
    readonly host: string
    readonly port: number
    readonly protocol: 'tcp' | 'udp'
  }) => Promise<ServedPing>
  readonly doctor: () => Promise<readonly EndpointDiagnosis[]>
}

const nothing = z.strictObject({})
const wanted = z.strictObject({ target: z.string().max(300) })

/** What a running connector can be asked at its control socket. */
export function connectorOperations({ facts, ping, doctor }: ConnectorControlParts): ControlOperations {
  return {
    status: (params) => {
      check(nothing, params)
      return facts()
    },
    ping: (params) => ping(demandTarget(check(wanted, params).target)),
    doctor: (params) => {
      check(nothing, params)
      return doctor()
    },
  }
}

/** Where the connector of a state folder is asked. */
export function connectorSocketPath(folder: string): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\postern-connector-${folder.replaceAll(/[\\/:]/g, '-')}`
    : join(folder, 'control.sock')
}

/**
 * Asks the connector that runs with a state folder.
 *
 * @throws {RelayError} what it said; ConnectionFailed when none runs or it may not be asked.
 */
export async function askConnector<Name extends keyof ConnectorAnswers>(
  stateFolder: string,
  name: Name,
  params: object,
): Promise<ConnectorAnswers[Name]> {
  const socketPath = connectorSocketPath(stateFolder)
  const answer = await askControl({ socketPath, startWith: 'postern connector', name, params })
  return answer as ConnectorAnswers[Name]
}

/** @throws {RelayError} InvalidConfiguration */
export function demandTarget(text: string): NonNullable<ReturnType<typeof parseTarget>> {
  const target = parseTarget(text)
  if (target) return target
  throw new RelayError('InvalidConfiguration', { message: `"${text}" is no endpoint: write HOST:PORT` })
}

function check<Schema extends z.ZodType>(schema: Schema, params: unknown): z.infer<Schema> {
  const read = schema.safeParse(params)
  if (read.success) return read.data
  throw new RelayError('InvalidConfiguration', { message: 'The parameters cannot be used; is the program older?' })
}
