import type { Duplex } from 'node:stream'
import type { Logger } from '@postern/program'
import type { KeepAlive } from '@postern/websocket'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { NetworkGuard } from '../domain/network-guard.ts'
import type { RelayLimits } from '../domain/relay-limits.ts'
import type { Directory } from '../identity/directory.ts'
import type { RoleBook } from '../identity/roles/role-book.ts'
import type { TokenVerifier } from '../identity/token-verifier.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { WaitingListeners } from '../listeners/waiting-listeners.ts'
import type { MessageHub } from '../messages/message-hub.ts'
import type { RelayedConnections } from '../relay/relayed-connections.ts'
import type { OfferBook } from '../rendezvous/offer-book.ts'
import type { RelayHolders } from '../rendezvous/rendezvous-socket.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import type { BurstLog } from '../telemetry/burst-log.ts'
import type { Counters } from '../telemetry/counters.ts'
import type { NamespaceLoad } from './namespace-load.ts'
import type { CallSource } from './network-admission.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { Refusals } from './refusals.ts'

/** What the actions of the data door work with; built once by the composition root. */
export interface RelayParts {
  readonly catalog: ResourceCatalog
  readonly authorizer: Authorizer
  readonly guard: NetworkGuard
  readonly roles: RoleBook
  readonly directory: Directory
  readonly tokens: TokenVerifier
  readonly listeners: ListenerRegistry
  readonly waitingListeners: WaitingListeners
  readonly offers: OfferBook<RelayHolders>
  readonly connections: RelayedConnections<CallSource>
  readonly messages: MessageHub
  readonly load: NamespaceLoad
  readonly refusals: Refusals
  /** For refusals that are answered elsewhere. */
  readonly refusalLog: RefusalLog
  readonly keepAlive: KeepAlive
  readonly counters: Counters
  readonly audit: AuditTrail
  readonly limits: RelayLimits
  /** Requests may have their token in a SOAP header. */
  readonly soapTokens: boolean
  readonly log: Logger
  /** For listeners that come and go. */
  readonly listenerLog: BurstLog
  /** `wss://host[:port]` to hand to listeners instead of what they used; undefined to use theirs. */
  readonly advertise: string | undefined
  /** Stops counting a socket against the limits for strangers. */
  readonly admit: (socket: Duplex) => void
}

/** Whether a token for `host` is meant for this namespace; the default namespace has every host that no other one has. */
export function ownsHost(catalog: ResourceCatalog, namespace: Namespace, host: string): boolean {
  return catalog.namespaceByHost(host)?.name === namespace.name
}
