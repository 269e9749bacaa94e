import type { ConnectionOptions } from 'node:tls'
import { describeFailure, type Framing } from '@postern/bridge'
import { createOpenSocket, type EntityFacts, EntityWatch, formatEndpoint, readEntity } from '@postern/client'
import type { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import type { ConnectorState } from '../addresses/connector-state.ts'
import { type ConnectorTarget, formatTarget, parseTarget } from '../names/endpoint-text.ts'
import { formatPlace, type RelayPlace, type RouteSpec, relayPlaceOf } from '../routes/route-spec.ts'
import { tokensOf } from '../routes/tokens-of.ts'
import type { EndpointSource } from './endpoint-source.ts'

/** What a {@link LearnedEndpoint} works with. */
export interface LearnedEndpointOptions {
  readonly connectionString: Secret
  readonly framing: Framing
  readonly portName?: string
  readonly origin: string
  readonly tls: ConnectionOptions | false
  readonly proxy: Secret | undefined
  readonly state: Pick<ConnectorState, 'endpointOf' | 'setEndpoint'>
  /** How often the relay is asked. Default 30 s. */
  readonly intervalMs?: number | undefined
}

/**
 * The endpoint of a hybrid connection, as its metadata at the relay says, and as they said last time until the relay
 * answers.
 */
export class LearnedEndpoint implements EndpointSource {
  readonly #options: LearnedEndpointOptions
  readonly #place: RelayPlace
  #target: ConnectorTarget | undefined
  #problem: string | undefined
  #watch: EntityWatch | undefined

  /** @throws {RelayError} InvalidConnectionString */
  constructor(options: LearnedEndpointOptions) {
    this.#options = options
    this.#place = relayPlaceOf(options.connectionString)
    this.#target = parseTarget(options.state.endpointOf(formatPlace(this.#place)) ?? '')
  }

  get subject(): string {
    return `the relay of ${formatPlace(this.#place)}`
  }

  get specs(): readonly RouteSpec[] {
    const { connectionString, framing, portName, origin } = this.#options
    if (!this.#target) return []
    return [{ ...this.#target, connectionString, framing, origin, ...(portName !== undefined && { portName }) }]
  }

  get isSettled(): boolean {
    return this.#target !== undefined || this.#problem !== undefined
  }

  get problems(): readonly string[] {
    return this.#problem === undefined ? [] : [this.#problem]
  }

  start(onChange: () => void): void {
    const { intervalMs } = this.#options
    this.#watch = new EntityWatch({
      read: (signal) => this.#read(signal),
      onFacts: (facts) => {
        this.#learn(facts)
        onChange()
      },
      onProblem: (error) => {
        this.#problem = this.#describe(error)
        onChange()
      },
      ...(intervalMs !== undefined && { intervalMs }),
    })
    void this.#watch.refresh()
  }

  async refresh(signal: AbortSignal): Promise<void> {
    try {
      this.#learn(await this.#read(signal))
    } catch (error) {
      this.#problem = this.#describe(error)
    }
  }

  stop(): Promise<void> {
    this.#watch?.stop()
    return Promise.resolve()
  }

  #read(signal: AbortSignal): Promise<EntityFacts> {
    const { tls, proxy, connectionString } = this.#options
    const openSocket = createOpenSocket({ tls, ...(proxy && { proxy: proxy.reveal() }) })
    return readEntity({ ...this.#place, tls, tokenProvider: tokensOf(connectionString), openSocket }, signal)
  }

  #learn({ endpoint }: EntityFacts): void {
    const place = formatPlace(this.#place)
    this.#target = endpoint && parseTarget(formatEndpoint(endpoint))
    this.#problem = endpoint
      ? undefined
      : `${place} says no endpoint: set its userMetadata to [{"key":"endpoint","value":"host:port"}], or name it here: -x "HOST:PORT=CONNECTION STRING"`
    if (this.#target) {
      this.#options.state.setEndpoint(place, formatTarget(this.#target)).catch((error: Error) => {
        this.#problem = `The endpoint of ${place} cannot be remembered: ${error.message}`
      })
    }
  }

  /** A Send key is all that an application needs, and it may not ask. */
  #describe(error: unknown): string {
    const place = formatPlace(this.#place)
    if (isRelayError(error) && (error.httpStatus === 401 || error.httpStatus === 403) && !isExpired(error.message)) {
      const rule = tokensOf(this.#options.connectionString)?.keyName
      return `${place}: the key ${rule ?? ''} may not ask for the endpoint (${error.message}). Name it: -x "HOST:PORT=CONNECTION STRING", or "endpoint: HOST:PORT" in the file`
    }
    return describeFailure(place, undefined, error)
  }
}

function isExpired(message: string): boolean {
  return /expired/i.test(message)
}
