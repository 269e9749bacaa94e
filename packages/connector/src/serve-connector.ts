import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { ControlServer, type Logger, type Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { Connector } from './connector.ts'
import { connectorOperations, connectorSocketPath, type ServedPing } from './control/connector-control.ts'
import { ClientNetworks } from './dns/client-networks.ts'
import { DnsResponder } from './dns/dns-responder.ts'
import { QueryForwarder } from './dns/forward-query.ts'
import { formatSocketPlace, parseSocketPlace } from './dns/socket-address.ts'
import { systemResolvers } from './dns/system-resolvers.ts'
import { diagnoseConnector } from './doctor/diagnose-connector.ts'
import { foreignAddresses, HostsFile } from './hosts/hosts-file.ts'
import { hostsLines } from './hosts/hosts-lines.ts'
import type { ConnectorTarget } from './names/endpoint-text.ts'
import { pingEndpoint } from './ping/ping-endpoint.ts'
import type { ConnectorFacts } from './routes/status.ts'
import { connectorOptionsOf } from './settings/connector-options-of.ts'
import type { ConnectorSettings } from './settings/load-settings.ts'

/** Settings of {@link serveConnector}. */
export interface ServeOptions {
  readonly settings: ConnectorSettings
  /** Proxy on the way to relays. */
  readonly proxy?: Secret | undefined
  readonly logger: Logger
}

/** A connector with its ways in. */
export interface ServedConnector {
  readonly connector: Connector
  readonly facts: ConnectorFacts
  readonly socketPath: string
  /** Takes the names away first, then ends; open streams may go on for `graceMs`. */
  stop(options: { readonly graceMs: number }): Promise<void>
}

/**
 * Puts a connector together as its settings say and starts it: control socket, endpoints, hosts file, DNS.
 *
 * @throws {RelayError} InvalidConfiguration when another one runs in the folder, or a way in cannot be opened.
 */
export async function serveConnector(options: ServeOptions): Promise<ServedConnector> {
  const closing = new ClosingOrder()
  try {
    return await serve(options, closing)
  } catch (error) {
    await closing.closeAll()
    throw error
  }
}

/** What was opened last is closed first. AsyncDisposableStack came after Node 22. */
class ClosingOrder {
  readonly #steps: (() => Promise<void>)[] = []

  defer(step: () => Promise<void>): void {
    this.#steps.push(step)
  }

  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.defer(async () => resource[Symbol.asyncDispose]())
    return resource
  }

  /** All of them, also when one fails, which is thrown in the end. */
  async closeAll(): Promise<void> {
    let failure: { readonly error: unknown } | undefined
    for (const step of this.#steps.splice(0).toReversed()) {
      await step().catch((error: unknown) => {
        failure ??= { error }
      })
    }
    if (failure) throw failure.error
  }
}

async function serve({ settings, proxy, logger }: ServeOptions, closing: ClosingOrder): Promise<ServedConnector> {
  const { options, stateFolder } = settings
  const socketPath = connectorSocketPath(stateFolder)
  const id = createHash('sha256').update(stateFolder).digest('hex').slice(0, 8)
  let graceMs = 0
  const connector = makeConnector({ settings, proxy, logger }, id)
  await makeFolder(stateFolder)
  let dns: DnsResponder | undefined
  const facts = (): ConnectorFacts => ({
    ...connector.status,
    pid: process.pid,
    ...(options.hosts && { hostsFile: options.hostsFile }),
    ...(dns && { dns: formatSocketPlace(dns.place) }),
  })
  const ping = (target: ConnectorTarget): Promise<ServedPing> => pingServed(connector, target)
  closing.use(
    await ControlServer.start({
      program: 'connector',
      socketPath,
      operations: connectorOperations({ facts, ping, doctor: () => diagnoseConnector(connector) }),
      logger,
    }),
  )
  closing.defer(() => connector.stop({ graceMs }))
  await connector.start()
  if (options.dns !== undefined) {
    dns = closing.use(await startDns(options.dns, settings, { connector, logger }))
  }
  if (options.hosts) {
    const hosts = new HostsFile({
      path: options.hostsFile,
      id,
      socketPath,
      onProblem: (error) => logger.error('connector.hosts-failed', { message: (error as Error).message }),
    })
    closing.defer(() => hosts.remove())
    await writeHosts(hosts, connector, logger)
  }
  return {
    connector,
    socketPath,
    get facts() {
      return facts()
    },
    stop: async (ending) => {
      ;({ graceMs } = ending)
      await closing.closeAll()
    },
  }
}

function makeConnector({ settings, proxy, logger }: ServeOptions, id: string): Connector {
  const { options } = settings
  return new Connector({
    ...connectorOptionsOf(settings),
    proxy,
    ...(options.answer !== undefined && { address: parseSocketPlace(options.answer, 'answer').address }),
    isForeignAddress: foreignAddresses(options.hostsFile, id),
    logger,
  })
}

/** The names of a connector stand in the hosts file from now on, whatever becomes of them. */
async function writeHosts(hosts: HostsFile, connector: Connector, logger: Logger): Promise<void> {
  const write = (): Promise<void> => hosts.set(hostsLines(connector.addresses, connector.searchDomains))
  await write()
  connector.on('change', () => {
    write().catch((error: Error) => logger.error('connector.hosts-failed', { message: error.message }))
  })
}

function startDns(
  at: string,
  { options }: ConnectorSettings,
  { connector, logger }: { readonly connector: Connector; readonly logger: Logger },
): Promise<DnsResponder> {
  const place = parseSocketPlace(at, 'dns')
  return DnsResponder.start({
    place,
    names: {
      addressOf: (name) => connector.addressOf(name),
      nameOf: (address) => connector.hostAt(address),
      searchDomains: connector.searchDomains,
    },
    forwarder: new QueryForwarder({ resolvers: systemResolvers(options.resolvers, place) }),
    clients: new ClientNetworks(options.dnsClients),
    logger,
  })
}

async function pingServed(connector: Connector, target: ConnectorTarget): Promise<ServedPing> {
  const report = await pingEndpoint(connector, target)
  const { host } = connector.demandRoute(target).spec
  const address = connector.addresses.get(host)
  return { report, host, ...(address !== undefined && { address }) }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `The state folder ${folder} cannot be made: ${(cause as Error).message}. Choose another one: --state-dir`,
      cause,
    })
  }
}
