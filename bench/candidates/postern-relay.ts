import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parseConnectionString } from '@postern/protocol'
import type { ListenerDoor } from './candidate.ts'
import type { ProcessGroup } from './start-processes.ts'

/** What `postern up --json` prints when it is ready, as far as it is needed here. */
interface ReadyLine {
  readonly caFile: string | null
  readonly hybridConnections: readonly {
    readonly name: string
    readonly listen: string | null
    readonly send: string | null
  }[]
}

/** A relay with one hybrid connection. */
export interface BenchRelay {
  /** How any other program of ours is started. */
  readonly postern: readonly string[]
  /** Environment in which it trusts the relay. */
  readonly env: Readonly<Record<string, string>>
  readonly caFile: string | null
  /** Connection strings. */
  readonly listen: string
  readonly send: string
  /** Where listeners that do nothing can be held: at a hybrid connection of their own. */
  readonly listenerDoor: ListenerDoor
}

export const hybridConnection = 'db'
const idleHybridConnection = 'idle'
/** Above the most that are held: no limit of ours is to be measured. */
const maxListeners = 20_000

/** Starts a relay. */
export async function startRelay(
  group: ProcessGroup,
  options: {
    readonly repositoryFolder: string
    readonly usesTls: boolean
    /** What the hybrid connection says of itself. */
    readonly endpoint?: string
    /** Default 127.0.0.1. */
    readonly host?: string
    /** What may be done with the hybrid connection. */
    readonly actions?: readonly string[]
    /** Public ports of the relay. */
    readonly ingress?: readonly object[]
    /** Further options of `postern up`. */
    readonly flags?: readonly string[]
  },
): Promise<BenchRelay> {
  const { usesTls, host = '127.0.0.1', flags = [] } = options
  const resourcesFile = join(group.folder, 'resources.yaml')
  writeFileSync(resourcesFile, resourcesOf(options))
  // The program itself, not the ./postern launcher: the launcher's own process is no part of a running tunnel.
  const main = join(options.repositoryFolder, 'packages', 'cli', 'src', 'main.ts')
  const postern = [process.execPath, '--conditions=@postern/source', main]
  const up = ['up', '--in-memory', '--json', '--resources', resourcesFile, '--data-port', '0', '--management-port', '0']
  const limits = ['--max-listeners-per-entity', String(maxListeners)]
  // The peers use the address as well: a name would be looked up for each connection, and tried at ::1 first.
  const loopback = ['--bind', host, '--public-host', host]
  const relay = await group.start({
    name: 'relay',
    command: [...postern, ...up, ...loopback, ...limits, ...(usesTls ? [] : ['--tls', 'off']), ...flags],
    env: {},
    ready: { output: '"hybridConnections"' },
    counted: true,
  })
  const { caFile, hybridConnections } = readReadyLine(relay.readOutput())
  const entity = hybridConnections.find(({ name }) => name === hybridConnection)
  if (!entity?.listen || !entity.send) throw new Error(`the relay gives no access to '${hybridConnection}'`)
  const env: Record<string, string> = caFile === null ? {} : { NODE_EXTRA_CA_CERTS: caFile }
  const idle = hybridConnections.find(({ name }) => name === idleHybridConnection)?.listen ?? ''
  const { endpoint } = parseConnectionString(idle)
  const listenerDoor = {
    relay,
    host: endpoint.host,
    port: endpoint.port ?? 0,
    ca: caFile === null ? undefined : readFileSync(caFile, 'utf8'),
    access: idle,
  }
  return { postern, env, caFile, listen: entity.listen, send: entity.send, listenerDoor }
}

function resourcesOf(entity: {
  readonly endpoint?: string
  readonly actions?: readonly string[]
  readonly ingress?: readonly object[]
}): string {
  const { endpoint, actions, ingress } = entity
  return JSON.stringify({
    namespaces: [
      {
        name: 'local',
        default: true,
        rules: [{ name: 'bench', rights: ['Listen', 'Send'] }],
        hybridConnections: [{ name: hybridConnection, endpoint, actions }, { name: idleHybridConnection }],
        ingress,
      },
    ],
  })
}

function readReadyLine(output: string): ReadyLine {
  const line = output.split('\n').find((text) => text.startsWith('{') && text.includes('"hybridConnections"'))
  const ready: ReadyLine = JSON.parse(line ?? '{"caFile":null,"hybridConnections":[]}')
  return ready
}
