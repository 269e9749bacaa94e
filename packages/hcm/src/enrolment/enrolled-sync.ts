import { setTimeout as delay } from 'node:timers/promises'
import { type Endpoint, parseEndpoint } from '@postern/client'
import { type Input, type ManagementClient, operationTable, type Reply } from '@postern/management'
import type { Logger } from '@postern/program'
import type { GivenHybridConnection, HcmService } from '../service/hcm-service.ts'
import { keyOf } from '../service/stored-access.ts'

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
/** Shorter than the minute after which proxies cut what is silent. */
const waitSeconds = 50
const followTimeoutMs = 60_000
const notModified = 304

/** Tells the relay how this HCM is, and serves what the relay says that it shall serve, as soon as that changes. */
export class EnrolledSync {
  readonly #options: EnrolledSyncOptions
  readonly #stopping = new AbortController()
  #life: Promise<unknown> | undefined

  constructor(options: EnrolledSyncOptions) {
    this.#options = options
  }

  start(): void {
    this.#life ??= Promise.all([this.#report(), this.#follow()])
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#life
  }

  /** Says how this HCM is, again and again. */
  async #report(): Promise<void> {
    const { client, service, version, intervalMs = defaultIntervalMs } = this.#options
    await this.#repeat('hcm.report-failed', async (signal) => {
      await client.call('Hcms_Report', { body: { version, entities: reportOf(service) }, signal })
      await delay(intervalMs, undefined, { signal })
    })
  }

  /** Asks what there is to serve; from the second time on the relay answers when that changes. */
  async #follow(): Promise<void> {
    const { client, service } = this.#options
    const { path, version } = operationTable.Hcms_GetSelf
    const target = `${path}?api-version=${version}&waitSeconds=${waitSeconds}`
    let etag: string | undefined
    await this.#repeat('hcm.follow-failed', async (signal) => {
      const headers = etag === undefined ? {} : { 'If-None-Match': etag }
      const reply = await client.request({ method: 'GET', target, headers, signal, timeoutMs: followTimeoutMs })
      if (reply.status === notModified) return
      const { hybridConnections } = reply.body as Reply<'Hcms_Report'>
      await service.give(placesOf(hybridConnections))
      const given = reply.headers.get('etag') ?? undefined
      // Without a tag, or with one that changes by itself, the relay would be asked without end.
      if (given === undefined || given === etag) await delay(retryMs, undefined, { signal })
      etag = given
    })
  }

  async #repeat(problem: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    let isLost = false
    while (!signal.aborted) {
      try {
        await work(signal)
        isLost = false
      } catch (error) {
        if (signal.aborted) return
        if (!isLost) this.#options.logger.warn(problem, { message: (error as Error).message })
        isLost = true
        await delay(retryMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
      }
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
