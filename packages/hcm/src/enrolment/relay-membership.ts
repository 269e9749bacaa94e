import { hostname } from 'node:os'
import type { TokenProvider } from '@postern/client'
import type { Logger, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { JoinedRelay } from '../control/control-operations.ts'
import type { HcmService } from '../service/hcm-service.ts'
import type { StoredIdentity } from '../state/hcm-state.ts'
import type { StateStore } from '../state/state-store.ts'
import { EnrolledSync, pinsOf, placesOf } from './enrolled-sync.ts'
import { enrol, managementClientOf, relayTokensOf } from './hcm-identity.ts'

/** What a {@link RelayMembership} works with. */
export interface RelayMembershipOptions {
  readonly store: StateStore
  readonly service: () => HcmService
  readonly fetch: typeof globalThis.fetch
  readonly version: string
  readonly logger: Logger
  readonly intervalMs?: number | undefined
}

/** What joins this HCM to a relay that gives it hybrid connections: none, until it is joined. */
export class RelayMembership {
  readonly #options: RelayMembershipOptions
  #sync: EnrolledSync | undefined

  constructor(options: RelayMembershipOptions) {
    this.#options = options
  }

  /** @throws {RelayError} InvalidConfiguration when no relay was joined */
  tokens(): TokenProvider {
    const { store, fetch } = this.#options
    return relayTokensOf(this.#demandIdentity(), store.key, fetch)
  }

  /** Joins a relay and serves what it gives. @throws {RelayError} ResourceConflict when one was joined already */
  async join({ token, endpoint, name }: { token: Secret; endpoint: string; name: string }): Promise<JoinedRelay> {
    const { store, service, fetch, version } = this.#options
    if (store.state.identity) {
      const { endpoint: standing, name: known } = store.state.identity
      throw new RelayError('ResourceConflict', { message: `This HCM belongs to ${standing} already, as ${known}` })
    }
    const request = { token, endpoint, name: name === '' ? hostname() : name, version }
    const { identity, reply } = await enrol(request, store.key, fetch)
    await store.update((state) => ({ ...state, identity }))
    await service().give(placesOf(reply.hybridConnections), pinsOf(reply.hybridConnections))
    this.start()
    return { hcmId: identity.hcmId, name: identity.name, endpoint }
  }

  /** Follows what the relay says, if one was joined. */
  start(): void {
    const { store, service, fetch, version, logger, intervalMs } = this.#options
    if (!store.state.identity) return
    const client = managementClientOf(this.#demandIdentity(), store.key, fetch)
    this.#sync = new EnrolledSync({ client, service: service(), version, logger, intervalMs })
    this.#sync.start()
  }

  async stop(): Promise<void> {
    await this.#sync?.stop()
  }

  #demandIdentity(): StoredIdentity {
    const { identity } = this.#options.store.state
    if (identity) return identity
    throw new RelayError('InvalidConfiguration', { message: 'This HCM has joined no relay' })
  }
}
