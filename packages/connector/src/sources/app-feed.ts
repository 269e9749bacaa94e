import { setTimeout as delay } from 'node:timers/promises'
import type { Framing } from '@postern/bridge'
import { createRelayFetch } from '@postern/client'
import {
  createManagementClient,
  isManagementError,
  keepToken,
  type ManagementClient,
  signInWithClientCredentials,
} from '@postern/management'
import { type Logger, Secret } from '@postern/program'
import { z } from 'zod'
import { parseTarget } from '../names/endpoint-text.ts'
import { type RouteSpec, relayPlaceOf } from '../routes/route-spec.ts'
import type { AppCredential } from './app-credential.ts'
import type { EndpointSource } from './endpoint-source.ts'

/** What an {@link AppFeed} works with. */
export interface AppFeedOptions {
  readonly credential: AppCredential
  readonly framing: Framing
  /** Proxy on the way to the management door. */
  readonly proxy?: Secret | undefined
  readonly logger: Logger
}

/** After a refusal: soon enough for whoever mends it, and no burden for the relay. */
const retryMs = 4_000

const hybridConnectionSchema = z.object({
  endpoint: z.object({ host: z.string(), port: z.int().min(1).max(65_535) }),
  connectionString: z.string(),
})
const stateSchema = z.object({
  app: z.object({ name: z.string(), slot: z.string().optional() }),
  value: z.array(hybridConnectionSchema),
})

/**
 * The hybrid connections of an app of the management plane, followed live: what is attached, detached, changed or rotated
 * there counts here a moment later. While the relay is away, what it said last stays.
 */
export class AppFeed implements EndpointSource {
  readonly #options: AppFeedOptions
  readonly #stopping = new AbortController()
  #specs: readonly RouteSpec[] = []
  #hasAnswer = false
  #problem: string | undefined
  #life: Promise<void> | undefined

  constructor(options: AppFeedOptions) {
    this.#options = options
  }

  get subject(): string {
    return `the app at ${this.#options.credential.endpoint}`
  }

  get specs(): readonly RouteSpec[] {
    return this.#specs
  }

  get isSettled(): boolean {
    return this.#hasAnswer || this.#problem !== undefined
  }

  get problems(): readonly string[] {
    return this.#problem === undefined ? [] : [this.#problem]
  }

  start(onChange: () => void): void {
    this.#life ??= this.#live(onChange)
  }

  async refresh(signal: AbortSignal): Promise<void> {
    try {
      const client = this.#client(signal)
      const state = await client.call('Apps_GetOwnHybridConnections', { signal })
      this.#take(state)
    } catch (error) {
      this.#note(error)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#life
  }

  async #live(onChange: () => void): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const client = this.#client(signal)
        for await (const { data } of client.events('Apps_GetOwnHybridConnections', { signal })) {
          this.#take(JSON.parse(data))
          onChange()
        }
      } catch (error) {
        if (signal.aborted) return
        this.#note(error)
        onChange()
      }
      await delay(retryMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  /** Signs in when it is first asked; neither that nor anything else outlives the signal. */
  #client(signal: AbortSignal): ManagementClient {
    const { credential, proxy } = this.#options
    const { endpoint, clientId, clientSecret } = credential
    const fetch = createRelayFetch(proxy?.reveal())
    const token = keepToken(() =>
      signInWithClientCredentials({ endpoint, clientId, clientSecret: clientSecret.reveal(), fetch, signal }),
    )
    return createManagementClient({ endpoint, token, fetch })
  }

  #take(state: unknown): void {
    this.#specs = this.#read(state)
    this.#hasAnswer = true
    this.#problem = undefined
  }

  #read(state: unknown): readonly RouteSpec[] {
    const { app, value } = stateSchema.parse(state)
    const origin = `app ${app.name}${app.slot === undefined ? '' : `/${app.slot}`}`
    return value.flatMap(({ endpoint, connectionString }): RouteSpec[] => {
      const { host, port } = endpoint
      const target = parseTarget(`${host.includes(':') ? `[${host}]` : host}:${port}`)
      if (!target) return []
      const secret = new Secret(connectionString)
      relayPlaceOf(secret)
      return [{ ...target, connectionString: secret, framing: this.#options.framing, origin }]
    })
  }

  #note(error: unknown): void {
    const { endpoint } = this.#options.credential
    const reason = error instanceof z.ZodError ? 'its answer cannot be read' : (error as Error).message
    const isRefused = isManagementError(error) && (error.status === 401 || error.status === 400)
    const help = isRefused
      ? ' The credential of the app counts no more: make another one with postern webapp identity credential create'
      : ''
    const problem = `The app cannot be followed at ${endpoint}: ${reason}.${help}`
    if (problem !== this.#problem) this.#options.logger.warn('connector.app-lost', { message: problem })
    this.#problem = problem
  }
}
