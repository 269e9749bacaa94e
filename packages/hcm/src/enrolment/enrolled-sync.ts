import { setTimeout as delay } from 'node:timers/promises'
import { type Endpoint, parseEndpoint } from '@postern/client'
import type { Input, ManagementClient, Reply } from '@postern/management'
import type { Logger } from '@postern/program'
import { type GivenHybridConnection, type HcmService, keyOf } from '../service/hcm-service.ts'

/** What {@link EnrolledSync} works with. */
export interface EnrolledSyncOptions {
  readonly client: ManagementClient
  readonly service: HcmService
  readonly version: string
  readonly logger: Logger
  /** Default 8 s: a target that dies is told within 10 s. */
  readonly intervalMs?: number | undefined
}

type Served = Reply<'Hcms_Report'>['hybridConnections']

/** Due every half minute; sooner, so that people see what becomes of targets. */
const defaultIntervalMs = 8_000
const retryMs = 4_000

/** Tells the relay how this HCM is, and serves what the relay answers that it shall serve. */
export class EnrolledSync {
  readonly #options: EnrolledSyncOptions
  readonly #stopping = new AbortController()
  #life: Promise<void> | undefined

  constructor(options: EnrolledSyncOptions) {
    this.#options = options
  }

  start(): void {
    this.#life ??= this.#live()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#life
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping
    const { client, service, version, logger, intervalMs = defaultIntervalMs } = this.#options
    let isLost = false
    while (!signal.aborted) {
      try {
        const body = { version, entities: reportOf(service) }
        const { hybridConnections } = await client.call('Hcms_Report', { body, signal })
        await service.give(placesOf(hybridConnections))
        isLost = false
      } catch (error) {
        if (signal.aborted) return
        if (!isLost) logger.warn('hcm.report-failed', { message: (error as Error).message })
        isLost = true
      }
      const waitMs = isLost ? retryMs * (0.5 + Math.random() / 2) : intervalMs
      await delay(waitMs, undefined, { signal }).catch(() => {})
    }
  }
}

/** Where the hybrid connections are that the relay gives. */
export function placesOf(served: Served): readonly GivenHybridConnection[] {
  return served.map(({ serviceBusEndpoint, name }) => {
    const url = new URL(serviceBusEndpoint.replace(/^sb:/, 'https:'))
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    return { host, path: name, ...(url.port !== '' && { port: Number(url.port) }) }
  })
}

/** The endpoints that whoever enrols this HCM sees. */
export function pinsOf(served: Served): ReadonlyMap<string, Endpoint> {
  const places = placesOf(served)
  const pins = new Map<string, Endpoint>()
  for (const [index, { endpoint }] of served.entries()) {
    const place = places[index]
    const pinned = endpoint === undefined ? undefined : parseEndpoint(endpoint)
    if (place && pinned) pins.set(keyOf(place), pinned)
  }
  return pins
}

const maxErrorLength = 512

function reportOf(service: HcmService): Input<'Hcms_Report'>['body']['entities'] {
  return service
    .list()
    .filter(({ Origin }) => Origin === 'enrolled')
    .map(({ Namespace: namespace, Name: name, Target: target, Problem }) => ({
      namespace,
      name,
      target,
      ...(Problem && { lastError: Problem.Message.slice(0, maxErrorLength) }),
    }))
}
