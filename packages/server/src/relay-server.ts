import type { Logger } from '@postern/program'
import { KeepAlive } from '@postern/websocket'
import type { CertificateSource } from './certificates/certificate-source.ts'
import { createCertificateSource } from './certificates/create-certificate-source.ts'
import { TlsSettings } from './certificates/tls-settings.ts'
import type { RelayConfig } from './config/relay-config.ts'
import { ClientAddress } from './gateway/client-address.ts'
import { DataDoor } from './gateway/data-door.ts'
import { FrontDoor } from './gateway/front-door.ts'
import type { FrontDoorHandler } from './gateway/front-door-handler.ts'
import { ManagementDoor } from './gateway/management-door.ts'
import { NamespaceLoad } from './gateway/namespace-load.ts'
import { Refusals } from './gateway/refusals.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import { RequestDoor } from './gateway/request-door.ts'
import { createRequestOrigin } from './gateway/request-origin.ts'
import { watchResources } from './gateway/resource-watch.ts'
import { SharedDoor } from './gateway/shared-door.ts'
import { ListenerRegistry } from './listeners/listener-registry.ts'
import { RelayedConnections } from './relay/relayed-connections.ts'
import { OfferBook } from './rendezvous/offer-book.ts'
import { serverVersion } from './server-version.ts'
import { applyDeclaredResources, releaseDeclaredResources } from './storage/apply-declared-resources.ts'
import { toDeclaration } from './storage/check-declared-resources.ts'
import { DeclaredResources } from './storage/declared-resources.ts'
import type { ResourcesDeclaration } from './storage/declared-resources-schema.ts'
import { MemoryStore } from './storage/memory/memory-store.ts'
import { ResourceCatalog } from './storage/resource-catalog.ts'
import type { ResourceStore } from './storage/resource-store.ts'
import { SqliteStore } from './storage/sqlite/sqlite-store.ts'
import { Counters } from './telemetry/counters.ts'
import { Health } from './telemetry/health.ts'
import { MetricsPage } from './telemetry/metrics-page.ts'

export interface RelayServerOptions {
  readonly config: RelayConfig
  readonly log: Logger
  /** Declared in code instead of by a file. */
  readonly resources?: ResourcesDeclaration
}

/** What runs, in the order in which it was started: stopping goes backwards. */
type Stop = () => void | Promise<void>

interface BuiltRelay {
  readonly ports: { readonly data: number; readonly management: number }
  readonly certificates: CertificateSource | undefined
  readonly catalog: ResourceCatalog
  readonly store: ResourceStore
  readonly health: Health
  readonly stops: readonly Stop[]
  readonly drain: (graceMs: number) => Promise<void>
}

/** Builds, starts and stops every part of one relay in order; nothing else. */
export class RelayServer {
  readonly dataPort: number
  readonly managementPort: number
  readonly certificates: CertificateSource | undefined
  readonly catalog: ResourceCatalog
  readonly store: ResourceStore
  readonly health: Health
  readonly #stops: readonly Stop[]
  readonly #drain: (graceMs: number) => Promise<void>
  #stopping: Promise<void> | undefined

  private constructor(built: BuiltRelay) {
    this.dataPort = built.ports.data
    this.managementPort = built.ports.management
    this.certificates = built.certificates
    this.catalog = built.catalog
    this.store = built.store
    this.health = built.health
    this.#stops = built.stops
    this.#drain = built.drain
  }

  /** @throws {RelayError} InvalidConfiguration, or the system's error when a port is taken; nothing is left running then */
  static async start(options: RelayServerOptions): Promise<RelayServer> {
    const stops: Stop[] = []
    try {
      return new RelayServer(await build(options, stops))
    } catch (error) {
      await stopAll(stops)
      throw error
    }
  }

  /**
   * Takes nothing new, gives what runs `graceMs` to end, then closes everything. The same promise for every call.
   * Default 0: at once.
   */
  stop({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#drain(graceMs).then(() => stopAll(this.#stops))
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function build({ config, log, resources }: RelayServerOptions, stops: Stop[]): Promise<BuiltRelay> {
  const { limits } = config
  const health = new Health()
  const counters = new Counters()

  const store = await openStore(config, stops)
  if (resources) await applyDeclaredResources(store, toDeclaration(resources))
  else if (config.resourcesFile !== undefined)
    await followResourcesFile(config.resourcesFile, { store, health, log, stops })
  else await releaseResources(store, log)
  const catalog = await ResourceCatalog.open(store, { baseDomain: config.baseDomain })
  stops.push(() => catalog.close())

  const certificates = config.tls && createCertificateSource({ ...config, tls: config.tls, log })
  await certificates?.start()
  if (certificates) stops.push(() => certificates.stop())
  const tls = certificates && new TlsSettings({ source: certificates, minVersion: config.tls?.minVersion ?? 'TLSv1.2' })
  if (tls) stops.push(() => tls.stop())

  const keepAlive = new KeepAlive({ intervalMs: limits.pingIntervalMs, maxMissed: 2 })
  stops.push(() => keepAlive.close())
  const offers: RelayParts['offers'] = new OfferBook({ maxPendingPerEntity: limits.maxPendingOffersPerEntity })
  stops.push(() => offers.close())
  const refusals = new Refusals({ counters, log, delayMs: limits.refusalDelayMs })
  stops.push(() => refusals.close())
  const clientAddress = new ClientAddress(config)
  const doors: FrontDoor[] = []
  const parts: RelayParts = {
    catalog,
    listeners: new ListenerRegistry(),
    offers,
    connections: new RelayedConnections(),
    load: new NamespaceLoad({ maximum: limits.maxConnectionsPerNamespace }),
    refusals,
    keepAlive,
    counters,
    limits,
    log,
    advertise: config.advertise,
    admit: (socket) => {
      for (const door of doors) door.markAuthorized(socket)
    },
  }
  stops.push(watchResources(parts))

  const dataDoor = new DataDoor({
    parts,
    requests: new RequestDoor(parts),
    originOf: createRequestOrigin({ tls: tls !== undefined, clientAddress, fallbackHost: config.publicHost }),
  })
  const managementDoor = new ManagementDoor(
    new Map([
      ['/healthz', health.livePage],
      ['/readyz', health.readyPage],
      [
        '/metrics',
        new MetricsPage({
          counters,
          health,
          version: serverVersion(),
          pendingOffers: () => offers.size,
          unauthorizedConnections: () => doors.reduce((sum, door) => sum + door.unauthorizedConnections, 0),
        }),
      ],
    ]),
  )
  const open = async (handler: FrontDoorHandler, port: number): Promise<number> => {
    const door = new FrontDoor({
      handler,
      ...(tls && { tls }),
      limits,
      clientAddress,
      proxyHeader: config.proxyProtocol ? 'required' : 'none',
      logger: log,
      onRefused: (code) => counters.refused(code, 'handshake'),
    })
    doors.push(door)
    stops.push(() => door.close())
    return (await door.listen({ ...(config.bind !== undefined && { host: config.bind }), port })).port
  }
  const ports = await openDoors(config, { dataDoor, managementDoor, open })
  health.become('ready')
  log.info('relay.ready', { dataPort: ports.data, managementPort: ports.management })

  return {
    ports,
    certificates,
    catalog,
    store,
    health,
    stops,
    drain: (graceMs) => drain({ parts, doors, dataDoor, health, log, graceMs }),
  }
}

async function openStore(config: RelayConfig, stops: Stop[]): Promise<ResourceStore> {
  const store = config.inMemory
    ? new MemoryStore()
    : await SqliteStore.open({
        dataDir: config.dataDir,
        ...(config.masterKey !== undefined && { masterKey: config.masterKey }),
      })
  stops.push(() => store.close())
  return store
}

/** A file that became wrong changes nothing, and shows in `/readyz` until it is mended. */
async function followResourcesFile(
  file: string,
  to: { readonly store: ResourceStore; readonly health: Health; readonly log: Logger; readonly stops: Stop[] },
): Promise<void> {
  const { store, health, log, stops } = to
  const declared = await DeclaredResources.open({
    file,
    store,
    logger: log,
    onReload: (outcome) => {
      if (outcome instanceof Error) health.report('resources', outcome.message)
      else health.clear('resources')
    },
  })
  stops.push(() => declared.close())
}

/** Without the file that declared them, nobody would own these documents: management may change them again. */
async function releaseResources(store: ResourceStore, log: Logger): Promise<void> {
  const released = await releaseDeclaredResources(store)
  if (released.length > 0) log.info('resources.released', { count: released.length })
}

async function openDoors(
  config: RelayConfig,
  doors: {
    readonly dataDoor: DataDoor
    readonly managementDoor: ManagementDoor
    readonly open: (handler: FrontDoorHandler, port: number) => Promise<number>
  },
): Promise<{ readonly data: number; readonly management: number }> {
  const { dataDoor, managementDoor, open } = doors
  if (!config.sharesPort) {
    const data = await open(dataDoor, config.dataPort)
    return { data, management: await open(managementDoor, config.managementPort) }
  }
  const shared = new SharedDoor({ data: dataDoor, management: managementDoor, managementHosts: config.managementHosts })
  const port = await open(shared, config.dataPort)
  return { data: port, management: port }
}

/** Refuses new calls, sends listeners away with 1001, waits for relayed connections, then cuts what is left. */
async function drain(running: {
  readonly parts: RelayParts
  readonly doors: readonly FrontDoor[]
  readonly dataDoor: DataDoor
  readonly health: Health
  readonly log: Logger
  readonly graceMs: number
}): Promise<void> {
  const { parts, doors, dataDoor, health, log, graceMs } = running
  health.become('draining')
  dataDoor.drain()
  for (const channel of parts.listeners.channels()) channel.close(1001, 'The relay is stopping.')
  const deadline = Date.now() + graceMs
  while (Date.now() < deadline && parts.load.total > 0) {
    await new Promise((resolve) => setTimeout(resolve, drainPollMs))
  }
  if (parts.load.total > 0) log.info('relay.drained', { cut: parts.load.total })
  parts.connections.close(1001, 'The relay is stopping.')
  for (const door of doors) {
    door.stopAccepting()
    door.closeIdle()
  }
}

const drainPollMs = 50

async function stopAll(stops: readonly Stop[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop()
}
