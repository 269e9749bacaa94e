import { type Logger, loadOptions, type Secret, silentLogger } from '@postern/program'
import {
  type Action,
  type ConnectionString,
  defaultActions,
  formatConnectionString,
  type Right,
} from '@postern/protocol'
import { optionTable } from './config/option-table.ts'
import { type RelayConfig, relayConfig } from './config/relay-config.ts'
import type { AuthorizationRule } from './domain/authorization-rule.ts'
import type { HybridConnection } from './domain/hybrid-connection.ts'
import type { Namespace } from './domain/namespace.ts'
import { namespaceHost } from './domain/namespace-host.ts'
import { RelayServer } from './relay-server.ts'
import type { ResourcesDeclaration } from './storage/declared-resources-schema.ts'

export interface StartRelayOptions {
  /** What exists, in the shape of the resources file. */
  readonly resources?: ResourcesDeclaration
  /** Any option of the relay by its name in the option table, for example `{ tls: 'off', pingInterval: '1s' }`. */
  readonly options?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** Default: silence. */
  readonly log?: Logger
}

/** How to reach one hybrid connection. */
export interface HybridConnectionAccess {
  readonly namespace: string
  readonly name: string
  /** Connection string with Listen right: of the entity's first rule that has it, else of the namespace's; else null. */
  readonly listen: string | null
  /** The same with Send right. */
  readonly send: string | null
  /** What senders and subscribers may do. */
  readonly actions: readonly Action[]
}

/** An ingress entry that is open. */
export interface PublicPort {
  readonly namespace: string
  readonly name: string
  readonly protocol: 'tcp' | 'udp'
  /** Absent: all of the machine. */
  readonly address?: string
  /** The one that is bound, also where the entry asks for any. */
  readonly port: number
  /** Server names or HTTP hosts; absent where the port is not shared. */
  readonly hosts?: readonly string[]
  readonly hybridConnection: string
}

/** A relay that runs in this process. `await using` stops it and leaves nothing behind. */
export interface RunningRelay extends AsyncDisposable {
  /** `https://host:port` of the data door. */
  readonly data: string
  /** `https://host:port` of the management door. */
  readonly management: string
  /** PEM file with the development CA; absent in memory and with certificates of another source. */
  readonly caFile: string | null
  /** The same as text: `tls: { ca: relay.caPem }`. */
  readonly caPem: string | null
  /** Absent when everything is in memory. */
  readonly dataDir: string | null
  /** What the administrator signs in with, when this start made him; else null: he keeps what he has. */
  readonly bootstrapAdmin: { readonly clientId: string; readonly clientSecret: Secret } | null
  /** Public ports that are open now. */
  publicPorts(): readonly PublicPort[]
  /** What exists now, with connection strings. */
  hybridConnections(): readonly HybridConnectionAccess[]
  readonly server: RelayServer
  stop(options?: { readonly graceMs?: number }): Promise<void>
}

/**
 * Starts a relay for tests of other people's code: in memory, on free ports of the loopback address, ready in well under
 * a second; several run side by side in one process.
 *
 * @example
 * await using relay = await startRelay({
 *   resources: { namespaces: [{ name: 'local', default: true, hybridConnections: [{ name: 'echo' }] }] },
 * })
 * @throws {OptionsError} InvalidConfiguration
 */
export async function startRelay(options: StartRelayOptions = {}): Promise<RunningRelay> {
  const defaults = { inMemory: true, dataPort: 0, managementPort: 0, bind: '127.0.0.1', publicHost: 'localhost' }
  const { values } = loadOptions(optionTable, { flags: { ...defaults, ...options.options } })
  return runRelay(relayConfig(values), {
    log: options.log ?? silentLogger,
    ...(options.resources && { resources: options.resources }),
  })
}

/** Starts a relay from whole settings, as the command line does. */
export async function runRelay(
  config: RelayConfig,
  options: { readonly log: Logger; readonly resources?: ResourcesDeclaration },
): Promise<RunningRelay> {
  const server = await RelayServer.start({ config, ...options })
  const scheme = config.tls ? 'https' : 'http'
  return {
    data: `${scheme}://${config.publicHost}:${server.dataPort}`,
    management: `${scheme}://${config.publicHost}:${server.managementPort}`,
    caFile: server.certificates?.caFile ?? null,
    caPem: server.certificates?.caPem ?? null,
    dataDir: config.inMemory ? null : config.dataDir,
    bootstrapAdmin: server.administrator ?? null,
    server,
    publicPorts: () => listPorts(server),
    hybridConnections: () => listAccess(server, config),
    stop: (stopOptions) => server.stop(stopOptions),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function listPorts({ ingress }: RelayServer): readonly PublicPort[] {
  return ingress.open.map(({ owner, entry, port }) => {
    const { name, protocol, address, hybridConnection } = entry
    const hosts = entry.hosts ?? entry.sni
    const place = { ...(address !== undefined && { address }), port, ...(hosts && { hosts }) }
    return { namespace: owner, name, protocol, ...place, hybridConnection }
  })
}

function listAccess(server: RelayServer, config: RelayConfig): readonly HybridConnectionAccess[] {
  return server.catalog
    .namespaces()
    .flatMap((namespace) => {
      const endpoint = { host: namespaceHost(namespace, config), port: server.dataPort }
      return server.catalog.list(namespace.name).map((entity) => accessTo(namespace, entity, endpoint))
    })
    .toSorted((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`))
}

function accessTo(
  namespace: Namespace,
  entity: HybridConnection,
  endpoint: ConnectionString['endpoint'],
): HybridConnectionAccess {
  const connectionString = (right: Right): string | null => {
    const rule = [...entity.rules, ...namespace.rules].find(({ rights }) => rights.includes(right))
    return rule === undefined ? null : formatRuleConnectionString(rule, endpoint, entity.name)
  }
  return {
    namespace: namespace.name,
    name: entity.name,
    listen: connectionString('Listen'),
    send: connectionString('Send'),
    actions: entity.actions ?? defaultActions,
  }
}

function formatRuleConnectionString(
  rule: AuthorizationRule,
  endpoint: ConnectionString['endpoint'],
  entityPath: string,
): string {
  return formatConnectionString({ endpoint, keyName: rule.name, key: rule.primaryKey.reveal(), entityPath })
}
