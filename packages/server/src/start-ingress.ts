import { randomUUID } from 'node:crypto'
import type { SenderCarriers } from '@postern/carrier'
import type { Secret } from '@postern/program'
import { type ErrorCode, errorTable, formatEndpoint, hybridConnectionId } from '@postern/protocol'
import { dnsNamesOf, isNamed } from './domain/certificate-names.ts'
import { doubtNames } from './domain/ingress-doubts.ts'
import type { IngressEntry } from './domain/ingress-entry.ts'
import type { IngressGrant } from './domain/ingress-grant.ts'
import { type IngressStatus, ingressKey } from './domain/ingress-status.ts'
import type { Namespace } from './domain/namespace.ts'
import type { RemoteEndpoint } from './domain/remote-endpoint.ts'
import { mayTry } from './gateway/network-admission.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import { DoubtLog } from './ingress/doubt-log.ts'
import { type EntityWay, EntityWays } from './ingress/entity-ways.ts'
import { EntryCounting } from './ingress/entry-counting.ts'
import { EntryFileWatch } from './ingress/entry-file-watch.ts'
import type { IngressConnection, IngressEnd, IngressEvents, IngressRefusal } from './ingress/ingress-events.ts'
import { IngressPorts } from './ingress/ingress-ports.ts'
import { IngressReport } from './ingress/ingress-report.ts'
import type { IngressWay } from './ingress/ingress-route.ts'
import { type IngressCertificates, IngressTls } from './ingress/ingress-tls.ts'
import type { OfferDialer } from './ingress/offer-dialer.ts'
import { doubtHybridConnection } from './storage/doubt-hybrid-connection.ts'
import { standingIngress } from './storage/standing-ingress.ts'
import type { Health } from './telemetry/health.ts'
import { toLogText } from './telemetry/log-text.ts'

/** The public ports of this relay. */
export interface RelayIngress {
  readonly ports: IngressPorts
  close(): void
}

export interface StartIngressOptions {
  readonly parts: RelayParts
  readonly health: Health
  /** Undefined with TLS off. */
  readonly certificates: IngressCertificates | undefined
  /** Seals sessions of people who sign in before HTTP hosts; undefined where they end with the process. */
  readonly sessionKey: Secret | undefined
  /** What the management API may open. */
  readonly grants: readonly IngressGrant[]
  /** Told what has become of each entry. */
  readonly status: IngressStatus
}

/**
 * Opens what resources file and management API ask for, and follows changes. A port that cannot be bound shows in the state of
 * its entry, and in `/readyz` when it is of the file: those who manage a namespace cannot make the relay look ill.
 */
export async function startIngress(options: StartIngressOptions): Promise<RelayIngress> {
  const { parts, certificates, grants, status } = options
  const { limits, catalog, log } = parts
  const tls = certificates && new IngressTls({ certificates, handshakeTimeoutMs: limits.handshakeTimeoutMs })
  const counting = new EntryCounting(parts.counters)
  const report = new IngressReport({ health: options.health, status, log })
  const files = new EntryFileWatch({ onFaults: (faults) => report.replaceFaults(faults) })
  const doubts = new DoubtLog({ log, find: () => findDoubts(options) })
  const { ports, ways } = createPorts(options, { tls, counting, report })
  const bring = async (): Promise<void> => {
    const standing = standingIngress(catalog.documents, grants)
    report.replaceClosed(standing.problems)
    await Promise.all([ports.apply(standing.entries), files.replace(standing.entries)])
    counting.keep(standing.entries)
  }
  const follow = (): void =>
    status.follow(bring().catch((error: unknown) => log.error('ingress.change-failed', { error })))
  const stopFollowing = catalog.onChange((change) => {
    const document = change.kind === 'put' ? change.stored.document : change.previous.document
    if (document.kind === 'hybridConnection' && change.kind === 'delete') {
      ways.endConnections(document.value.namespace, document.value.name)
    }
    if (document.kind === 'namespace' || document.kind === 'ingress') {
      follow()
      doubts.tellSoon()
    }
    if (document.kind !== 'namespace') return
    const namespace = document.value
    ports.cutAllBut(namespace.name, (address) =>
      mayTry(parts, { namespace, remote: { address, port: 0 }, isPrivate: false }, 'send'),
    )
  })
  // A change that cannot be made must not keep a relay from starting.
  follow()
  await status.settled()
  doubts.tell()
  return {
    ports,
    close: () => {
      stopFollowing()
      files.stop()
      doubts.stop()
      ports.close()
      tls?.close()
    },
  }
}

function createPorts(
  { parts, sessionKey, status }: StartIngressOptions,
  own: { readonly tls: IngressTls | undefined; readonly counting: EntryCounting; readonly report: IngressReport },
): { readonly ports: IngressPorts; readonly ways: EntityWays } {
  const { listeners, offers, keepAlive, limits, catalog, log } = parts
  const { tls, counting, report } = own
  const ways = new EntityWays({
    parts: { listeners, offers, keepAlive, acceptTimeoutMs: limits.acceptTimeoutMs },
    findEntity: (namespace, name) => catalog.get(namespace, name),
  })
  const ports = new IngressPorts({
    events: new IngressAccount(parts, counting),
    tls,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    sessionKey,
    wayOf: (wanted) => {
      counting.begin(wanted)
      const { owner, entry } = wanted
      return new RelayIngressWay(parts, owner, ways.to(owner, entry.hybridConnection))
    },
    onProblems: (problems) => {
      report.replaceUnbound(problems)
      status.replacePorts(new Map(ports.open.map(({ owner, entry, port }) => [ingressKey(owner, entry.name), port])))
    },
    onCut: (cut) => log.info('ingress.cut', { ...cut }),
  })
  return { ports, ways }
}

function* findDoubts({ parts, certificates, grants }: StartIngressOptions): Iterable<readonly [string, string]> {
  const { documents } = parts.catalog
  for (const { owner, entry } of standingIngress(documents, grants).entries) {
    const known = documents.list('hybridConnection', owner).map(({ document }) => document.value.name)
    const { certificate } = entry
    const own = certificate && dnsNamesOf(certificate.certPem)
    const isKnown = (name: string): boolean => (own ? isNamed(own, name) : (certificates?.hasName(name) ?? true))
    for (const { key, message } of [...doubtHybridConnection(entry, known), ...doubtNames(entry, isKnown)]) {
      yield [`${owner}/${entry.name}`, `${key}: ${message}`]
    }
  }
}

/** The relay itself as the sender of one entry: no WebSocket hop towards itself. */
class RelayIngressWay implements IngressWay {
  readonly sender: OfferDialer
  readonly carriers: SenderCarriers
  readonly #parts: RelayParts
  readonly #namespace: string
  readonly #way: EntityWay

  constructor(parts: RelayParts, namespace: string, way: EntityWay) {
    this.#parts = parts
    this.#namespace = namespace
    this.#way = way
    this.sender = way.sender
    this.carriers = way.carriers
  }

  enter(remote: { readonly address: string; readonly port: number }): ReturnType<IngressWay['enter']> {
    const { catalog, load } = this.#parts
    const namespace = catalog.namespaceByName(this.#namespace)
    if (!namespace || !mayTry(this.#parts, { namespace, remote, isPrivate: false }, 'send')) {
      return { code: 'AddressNotAllowed', reason: 'the network rules of the namespace do not let this address in' }
    }
    if (load.enter(this.#namespace)) return undefined
    return { code: 'QuotaExceeded', reason: 'the namespace has as many connections as it may' }
  }

  leave(): void {
    this.#parts.load.leave(this.#namespace)
  }

  close(): void {
    this.#way.release()
  }
}

/** Counts, logs and records devices as other senders are. */
class IngressAccount implements IngressEvents {
  readonly #parts: RelayParts
  readonly #counting: EntryCounting
  /** An entry has the same place until its namespace changes: its devices come and go by thousands. */
  readonly #places = new WeakMap<IngressEntry, Place>()

  constructor(parts: RelayParts, counting: EntryCounting) {
    this.#parts = parts
    this.#counting = counting
  }

  onRefused({ code, entry, port, remote, reason, trackingId = `${randomUUID()}_G0` }: IngressRefusal): void {
    const refusal = { code, stage: 'ingress', trackingId, port, remote, reason }
    if (!entry) return this.#parts.refusalLog.record(refusal)
    this.#counting.refused(entry, code)
    const { namespace, hybridConnection, scope } = this.#placeOf(entry)
    const counters = this.#parts.counters.entity(namespace, hybridConnection)
    if (isOwnFault(code)) counters.senderConnectionsClientError += 1
    else counters.senderConnectionsServerError += 1
    const ingress = this.#nameOf(entry)
    this.#parts.refusalLog.record({ ...refusal, ingress, scope, wasAllowed: !isOwnFault(code) })
  }

  onOpened({ entry, remote, trackingId }: IngressConnection): void {
    const { namespace, hybridConnection } = this.#placeOf(entry)
    const counters = this.#parts.counters.entity(namespace, hybridConnection)
    counters.senderConnectionsSuccess += 1
    counters.activeConnections += 1
    this.#counting.opened(entry)
    this.#parts.log.debug('ingress.joined', { trackingId, ingress: this.#nameOf(entry), remote: remote.address })
  }

  onSignedIn(entry: IngressEntry, remote: RemoteEndpoint, user: string): void {
    this.#counting.signedIn(entry)
    const trackingId = `${randomUUID()}_G0`
    const ingress = this.#nameOf(entry)
    this.#parts.log.info('ingress.signed-in', { ingress, user, remote: remote.address, trackingId })
    this.#parts.audit.record({
      kind: 'signIn',
      at: new Date(),
      trackingId,
      principal: `ingress:${entry.name} (${user})`,
      action: 'sign-in',
      scope: this.#placeOf(entry).scope,
      result: 'succeeded',
      source: formatEndpoint({ host: remote.address, port: remote.port }),
    })
  }

  onRequest(entry: IngressEntry): void {
    this.#counting.requested(entry)
  }

  onBytes(entry: IngressEntry, bytes: number): void {
    this.#counting.passed(entry, bytes)
    const { namespace, hybridConnection } = this.#placeOf(entry)
    this.#parts.counters.entity(namespace, hybridConnection).bytesTransferred += bytes
  }

  onDropped(entry: IngressEntry): void {
    this.#counting.dropped(entry)
  }

  onClosed({ entry, remote, trackingId, listenerId, user }: IngressConnection, end: IngressEnd): void {
    const { namespace, hybridConnection, scope, principal } = this.#placeOf(entry)
    const counters = this.#parts.counters.entity(namespace, hybridConnection)
    counters.activeConnections -= 1
    counters.senderDisconnects += 1
    this.#counting.closed(entry)
    const { error, bytesFromSender, bytesFromListener, durationMs } = end
    const closeReason = toLogText(error?.message ?? 'both directions have ended')
    this.#parts.log.debug('ingress.closed', { trackingId, ingress: this.#nameOf(entry), ...end, error: closeReason })
    this.#parts.audit.record({
      kind: 'stream',
      at: new Date(),
      trackingId,
      principal: user === undefined ? principal : `${principal} (${user})`,
      action: 'connect',
      scope,
      result: error ? 'failed' : 'succeeded',
      source: formatEndpoint({ host: remote.address, port: remote.port }),
      stream: { listener: listenerId, bytesFromSender, bytesFromListener, durationMs, closeReason },
    })
  }

  /** Entries of two namespaces may have one name. */
  #nameOf(entry: IngressEntry): string {
    return `${this.#counting.namespaceOf(entry)}/${entry.name}`
  }

  #placeOf(entry: IngressEntry): Place {
    const namespace = this.#counting.namespaceOf(entry)
    const found = this.#parts.catalog.namespaceByName(namespace)
    const known = this.#places.get(entry)
    if (known && known.found === found) return known
    const { hybridConnection } = entry
    const principal = `ingress:${entry.name}`
    const scope = found ? hybridConnectionId(found, found.name, hybridConnection) : principal
    const place = { namespace, hybridConnection, scope, principal, found }
    this.#places.set(entry, place)
    return place
  }
}

/** Where an entry leads. */
interface Place {
  readonly namespace: string
  readonly hybridConnection: string
  /** Of its devices in the audit log. */
  readonly scope: string
  readonly principal: string
  /** The namespace that the scope was made from; each change makes another object. */
  readonly found: Namespace | undefined
}

function isOwnFault(code: ErrorCode): boolean {
  return errorTable[code].httpStatus < 500 && code !== 'EndpointNotFound' && code !== 'NoListenersConnected'
}
