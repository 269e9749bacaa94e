import type { IncomingMessage } from 'node:http'
import type { Logger } from '@postern/program'
import { KeepAlive } from '@postern/websocket'
import { AuditTrail } from './audit/audit-trail.ts'
import { tellAuditTrouble } from './audit/audit-trouble.ts'
import { Authorizer } from './auth/authorizer.ts'
import type { CertificateSource } from './certificates/certificate-source.ts'
import { createCertificateSource } from './certificates/create-certificate-source.ts'
import { TlsSettings } from './certificates/tls-settings.ts'
import { portsOf } from './config/ports-of.ts'
import type { RelayConfig } from './config/relay-config.ts'
import { createManagementDoor } from './create-management-door.ts'
import { IngressStatus } from './domain/ingress-status.ts'
import { NetworkGuard } from './domain/network-guard.ts'
import { AtomDoor } from './gateway/atom/atom-door.ts'
import { DataDoor } from './gateway/data-door.ts'
import { drainRelay } from './gateway/drain-relay.ts'
import { ClientAddress } from './gateway/front-door/client-address.ts'
import { FrontDoor } from './gateway/front-door/front-door.ts'
import type { FrontDoorHandler } from './gateway/front-door/front-door-handler.ts'
import { IdentityDoor } from './gateway/management/identity-door.ts'
import { NamespaceLoad } from './gateway/namespace-load.ts'
import { RefusalLog } from './gateway/refusal-log.ts'
import { Refusals } from './gateway/refusals.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import { RequestDoor } from './gateway/request-door.ts'
import { createRequestOrigin } from './gateway/request-origin.ts'
import { watchResources } from './gateway/resource-watch.ts'
import { SharedDoor } from './gateway/shared-door.ts'
import type { AdministratorAccess } from './identity/administrator.ts'
import type { Identity } from './identity/open-identity.ts'
import { RoleBook } from './identity/roles/role-book.ts'
import type { PortsInUse } from './identity/token-audiences.ts'
import { ListenerRegistry } from './listeners/listener-registry.ts'
import { WaitingListeners } from './listeners/waiting-listeners.ts'
import { MessageHub } from './messages/message-hub.ts'
import { RelayedConnections } from './relay/relayed-connections.ts'
import { OfferBook } from './rendezvous/offer-book.ts'
import { startIdentity } from './start-identity.ts'
import { type RelayIngress, startIngress } from './start-ingress.ts'
import { startManagement } from './start-management.ts'
import { startUsage } from './start-usage.ts'
import { applyDeclaredResources, releaseDeclaredResources } from './storage/apply-declared-resources.ts'
import type { AuditStore } from './storage/audit-store.ts'
import { toDeclaration } from './storage/check-declared-resources.ts'
import { doubtGrants } from './storage/check-ingress-doors.ts'
import { checkIngressTls } from './storage/check-ingress-tls.ts'
import { DeclaredResources } from './storage/declared-resources.ts'
import type { ResourcesDeclaration } from './storage/declared-resources-schema.ts'
import { listedByCopy } from './storage/listed-by-copy.ts'
import { MemoryAuditStore } from './storage/memory/memory-audit-store.ts'
import { MemoryStore } from './storage/memory/memory-store.ts'
import type { ParsedResources } from './storage/parse-declared-resources.ts'
import { ResourceCatalog } from './storage/resource-catalog.ts'
import type { ResourceStore } from './storage/resource-store.ts'
import { SqliteAuditStore } from './storage/sqlite/sqlite-audit-store.ts'
import { SqliteStore } from './storage/sqlite/sqlite-store.ts'
import { BurstLog } from './telemetry/burst-log.ts'
import { Counters } from './telemetry/counters.ts'
import { Health } from './telemetry/health.ts'

export interface RelayServerOptions {
  readonly config: RelayConfig
  readonly log: Logger
  /** Declared in code instead of by a file. */
  readonly resources?: ResourcesDeclaration
}

/** What runs, in the order in which it was started: stopping goes backwards. */
type Stop = () => void | Promise<void>

interface BuiltRelay {
  readonly ports: { readonly data: number; readonly management: number; readonly private?: number }
  readonly certificates: CertificateSource | undefined
  readonly catalog: ResourceCatalog
  readonly store: ResourceStore
  readonly audit: AuditTrail
  readonly identity: Identity
  readonly administrator: AdministratorAccess | undefined
  readonly health: Health
  readonly ingress: RelayIngress['ports']
  readonly stops: readonly Stop[]
  readonly drain: (graceMs: number) => Promise<void>
}

/** Builds, starts and stops every part of one relay in order; nothing else. */
export class RelayServer {
  readonly dataPort: number
  readonly managementPort: number
  /** Absent without a private door. */
  readonly privatePort: number | undefined
  readonly certificates: CertificateSource | undefined
  readonly catalog: ResourceCatalog
  readonly store: ResourceStore
  readonly audit: AuditTrail
  readonly identity: Identity
  /** What was made at this start, because there was nobody yet. */
  readonly administrator: AdministratorAccess | undefined
  readonly health: Health
  /** The public ports. */
  readonly ingress: RelayIngress['ports']
  readonly #stops: readonly Stop[]
  readonly #drain: (graceMs: number) => Promise<void>
  #stopping: Promise<void> | undefined

  private constructor(built: BuiltRelay) {
    this.dataPort = built.ports.data
    this.managementPort = built.ports.management
    this.privatePort = built.ports.private
    this.certificates = built.certificates
    this.catalog = built.catalog
    this.store = built.store
    this.audit = built.audit
    this.identity = built.identity
    this.administrator = built.administrator
    this.health = built.health
    this.ingress = built.ingress
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

async function build(options: RelayServerOptions, stops: Stop[]): Promise<BuiltRelay> {
  const { config, log } = options
  const health = new Health()
  const { store, catalog } = await openResources(options, health, stops)
  const audit = await openAudit(config, { health, log, stops })
  const certificates = await openCertificates(config, log, stops)
  const inUse: PortsInUse = portsOf(config)
  const { identity, administrator } = await startIdentity({
    settings: config,
    log,
    store,
    catalog,
    audit,
    health,
    ports: inUse,
  })
  stops.push(() => identity.close())
  const doors: FrontDoor[] = []
  const parts = createParts({ config, log, catalog, audit, identity, doors, stops })
  const usage = startUsage(parts, store)
  stops.push(() => usage.close())
  const ingressStatus = new IngressStatus()
  const ports = await openDoors({ config, parts, store, health, identity, ingressStatus, certificates, doors, stops })
  Object.assign(inUse, { data: ports.data, management: ports.management })
  const sessionKey = config.ingressSessionKey ?? store.deriveKey?.('ingress sessions')
  const settings = { certificates: ports.tls, grants: config.ingressGrants, status: ingressStatus, sessionKey }
  const opened = await startIngress({ parts, health, ...settings })
  const ingress = opened.ports
  for (const message of doubtGrants(config.ingressGrants, config)) log.warn('ingress.grant-useless', { message })
  stops.push(() => opened.close())
  health.become('ready')
  const open = ingress.open.map(({ owner, entry, port }) => `${owner}/${entry.name}:${port}/${entry.protocol}`)
  const publicPorts = open.length > 0 && { publicPorts: open }
  log.info('relay.ready', { dataPort: ports.data, managementPort: ports.management, ...publicPorts })
  const drain = (graceMs: number): Promise<void> =>
    drainRelay({ parts, doors, dataDoors: ports.dataDoors, ingress, health, graceMs })
  return { ports, certificates, catalog, store, audit, identity, administrator, health, ingress, stops, drain }
}

async function openResources(
  { config, log, resources }: RelayServerOptions,
  health: Health,
  stops: Stop[],
): Promise<{ readonly store: ResourceStore; readonly catalog: ResourceCatalog }> {
  const store = await openStore(config, stops)
  const catalog = await ResourceCatalog.open(store, { baseDomain: config.baseDomain })
  stops.push(() => catalog.close())
  const listed = listedByCopy(store, catalog.documents)
  const check = (parsed: ParsedResources): void => checkIngressTls(parsed, config)
  if (resources) {
    const declaration = toDeclaration(resources)
    check({ declaration, locate: () => '' })
    await applyDeclaredResources(listed, declaration)
  } else if (config.resourcesFile !== undefined) {
    await followResourcesFile(config.resourcesFile, { store: listed, check, health, log, stops })
  } else {
    await releaseResources(listed, log)
  }
  return { store, catalog }
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

async function openAudit(
  config: RelayConfig,
  to: { readonly health: Health; readonly log: Logger; readonly stops: Stop[] },
): Promise<AuditTrail> {
  const { audit, inMemory, dataDir } = config
  const { health, log, stops } = to
  const openStore = async (): Promise<AuditStore> =>
    inMemory ? new MemoryAuditStore() : SqliteAuditStore.open({ dataDir, onTrouble: tellAuditTrouble(health, log) })
  const trail = new AuditTrail({
    ...(audit && { store: await openStore() }),
    log,
    retentionMs: audit?.retentionMs ?? 0,
    maxBytes: audit?.maxBytes ?? 0,
  })
  stops.push(() => trail.close())
  return trail
}

/** A file that became wrong changes nothing, and shows in `/readyz` until it is mended. */
async function followResourcesFile(
  file: string,
  to: {
    readonly store: ResourceStore
    readonly check: (parsed: ParsedResources) => void
    readonly health: Health
    readonly log: Logger
    readonly stops: Stop[]
  },
): Promise<void> {
  const { store, check, health, log, stops } = to
  const declared = await DeclaredResources.open({
    file,
    store,
    check,
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

async function openCertificates(
  config: RelayConfig,
  log: Logger,
  stops: Stop[],
): Promise<CertificateSource | undefined> {
  if (config.tls === undefined) return undefined
  const certificates = createCertificateSource({ ...config, tls: config.tls, log })
  await certificates.start()
  stops.push(() => certificates.stop())
  return certificates
}

function createParts(from: {
  readonly config: RelayConfig
  readonly log: Logger
  readonly catalog: ResourceCatalog
  readonly audit: AuditTrail
  readonly identity: Identity
  readonly doors: readonly FrontDoor[]
  readonly stops: Stop[]
}): RelayParts {
  const { config, log, catalog, audit, identity, doors, stops } = from
  const { limits } = config
  const counters = new Counters()
  const keepAlive = new KeepAlive({ intervalMs: limits.pingIntervalMs })
  const offers: RelayParts['offers'] = new OfferBook({ maxPendingPerEntity: limits.maxPendingOffersPerEntity })
  const refusalLog = new RefusalLog({ counters, log, audit })
  const refusals = new Refusals({ log: refusalLog, delayMs: limits.refusalDelayMs })
  const roles = new RoleBook(catalog.documents)
  const listeners = new ListenerRegistry()
  const messages = new MessageHub({ listeners, counters, limits, log })
  const parts: RelayParts = {
    catalog,
    authorizer: new Authorizer({ tokens: identity.tokens, roles, documents: catalog.documents }),
    guard: new NetworkGuard(),
    roles,
    directory: identity.directory,
    tokens: identity.tokens,
    listeners,
    waitingListeners: new WaitingListeners(),
    offers,
    connections: new RelayedConnections(),
    messages,
    load: new NamespaceLoad({ maximum: limits.maxConnectionsPerNamespace }),
    refusals,
    refusalLog,
    keepAlive,
    counters,
    audit,
    limits,
    soapTokens: config.soapTokens,
    log,
    listenerLog: new BurstLog(log),
    advertise: config.advertise,
    admit: (socket) => {
      for (const door of doors) door.markAuthorized(socket)
    },
  }
  const stopWatching = watchResources(parts)
  stops.push(() => {
    stopWatching()
    roles.close()
    keepAlive.close()
    messages.close()
    offers.close()
    refusals.close()
    refusalLog.close()
    parts.listenerLog.close()
  })
  return parts
}

interface OpenDoors {
  readonly data: number
  readonly management: number
  readonly private?: number
  readonly dataDoors: readonly DataDoor[]
  readonly tls: TlsSettings | undefined
}

async function openDoors(from: {
  readonly config: RelayConfig
  readonly parts: RelayParts
  readonly store: ResourceStore
  readonly health: Health
  readonly identity: Identity
  readonly ingressStatus: IngressStatus
  readonly certificates: CertificateSource | undefined
  readonly doors: FrontDoor[]
  readonly stops: Stop[]
}): Promise<OpenDoors> {
  const { config, parts, identity, certificates, doors, stops } = from
  const clientAddress = new ClientAddress(config)
  const tls = certificates && new TlsSettings({ source: certificates, minVersion: config.tls?.minVersion ?? 'TLSv1.2' })
  if (tls) stops.push(() => tls.stop())
  const open = async (handler: FrontDoorHandler, port: number, bind = config.bind): Promise<number> => {
    const door = new FrontDoor({
      handler,
      ...(tls && { tls }),
      limits: parts.limits,
      clientAddress,
      proxyHeader: config.proxyProtocol ? 'required' : 'none',
      logger: parts.log,
      onRefused: ({ address, ...refusal }) =>
        parts.refusalLog.record({ ...refusal, stage: 'handshake', remote: { address } }),
    })
    doors.push(door)
    stops.push(() => door.close())
    return (await door.listen({ ...(bind !== undefined && { host: bind }), port })).port
  }
  const originOf = createRequestOrigin({ tls: tls !== undefined, clientAddress, fallbackHost: config.publicHost })
  const requests = new RequestDoor({ parts, atom: new AtomDoor({ parts, store: from.store }) })
  const dataDoor = new DataDoor({ parts, requests, originOf, isPrivate: false })
  const bound = { data: config.dataPort }
  const webOriginOf = (request: IncomingMessage): string => originOf(request).replace(/^ws/, 'http')
  const dataPort = (): number => config.publicPort ?? bound.data
  const arm = startManagement({ ...from, settings: config, dataPort, originOf: webOriginOf })
  const identityDoor = new IdentityDoor({
    endpoints: identity.endpoints,
    originOf: webOriginOf,
    bodyTimeoutMs: parts.limits.handshakeTimeoutMs,
  })
  const management = createManagementDoor({ ...from, downloads: config.downloads, arm, identity: identityDoor })
  const { privateDoor } = config
  const privateDataDoor = privateDoor && new DataDoor({ parts, requests, originOf, isPrivate: true })
  const privatePort = privateDataDoor && (await open(privateDataDoor, privateDoor.port, privateDoor.bind))
  const dataDoors = privateDataDoor ? [dataDoor, privateDataDoor] : [dataDoor]
  const opened = { dataDoors, tls, ...(privatePort !== undefined && { private: privatePort }) }
  if (!config.sharesPort) {
    const data = await open(dataDoor, config.dataPort)
    bound.data = data
    return { ...opened, data, management: await open(management, config.managementPort) }
  }
  const shared = new SharedDoor({ data: dataDoor, management, managementHosts: config.managementHosts })
  const port = await open(shared, config.dataPort)
  bound.data = port
  return { ...opened, data: port, management: port }
}

async function stopAll(stops: readonly Stop[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop()
}
