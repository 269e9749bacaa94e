import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { RelayDialer, SenderCarriers } from '@postern/carrier'
import type { Logger, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type CertificateFilePair, CertificateFiles } from './certificates/certificate-files.ts'
import { TlsSettings } from './certificates/tls-settings.ts'
import type { IngressEntry } from './domain/ingress-entry.ts'
import type { RemoteEndpoint } from './domain/remote-endpoint.ts'
import { EntryCounting } from './ingress/entry-counting.ts'
import type { IngressConnection, IngressEnd, IngressEvents, IngressRefusal } from './ingress/ingress-events.ts'
import { describeProblems, IngressPorts, type WantedIngress } from './ingress/ingress-ports.ts'
import { IngressTls } from './ingress/ingress-tls.ts'
import { RelayReach } from './ingress/relay-reach.ts'
import { serverVersion } from './server-version.ts'
import { ingressOf } from './storage/declared-ingress.ts'
import { FileWatch } from './storage/file-watch.ts'
import { parseDeclaredResources } from './storage/parse-declared-resources.ts'
import { Counters } from './telemetry/counters.ts'
import { Health, type HealthPage } from './telemetry/health.ts'
import { toLogText } from './telemetry/log-text.ts'
import { MetricsPage } from './telemetry/metrics-page.ts'
import { RefusalWindow } from './telemetry/refusal-window.ts'

/** How an ingress process reaches one hybrid connection: with a Send key, through the relay's data door. */
export interface IngressSender {
  readonly sender: RelayDialer
  readonly carriers: SenderCarriers | undefined
}

export interface IngressProcessOptions {
  /** Resources file; of it only `ingress` is read. */
  readonly file: string
  /** Whose entries; default: the only namespace that has some. */
  readonly namespace?: string
  readonly senderOf: (hybridConnection: string) => IngressSender
  /** Rejects when the relay cannot be reached. */
  readonly reachRelay: (signal: AbortSignal) => Promise<void>
  /** For entries with `tls: terminate`. */
  readonly certificates: readonly CertificateFilePair[]
  /** Seals sessions of people who sign in before HTTP hosts; without it they end with the process. */
  readonly sessionKey?: Secret
  /** Where `/healthz`, `/readyz` and `/metrics` are. They ask for no credentials. */
  readonly health: { readonly host: string; readonly port: number }
  readonly log: Logger
}

/** An ingress process that runs. */
export interface IngressProcess {
  readonly ports: IngressPorts
  readonly healthPort: number
  /** Says so in `/readyz`, takes nothing new, lets devices end for `graceMs`, and cuts the others. */
  stop(options: { readonly graceMs: number }): Promise<void>
}

/** As an editor needs to write a file. */
const debounceMs = 200
const pollIntervalMs = 5000
/** From accepted connection to known way, as at the doors of a relay. */
const handshakeTimeoutMs = 10_000
const drainPollMs = 50

/**
 * Runs the public ports of a namespace beside a relay: it keeps nothing, so that any number of them may stand behind a load balancer.
 * A file that became wrong changes nothing, and shows in `/readyz`.
 * @throws {RelayError} InvalidConfiguration when file or certificates cannot be used; the system's error for a taken health port
 */
export async function startIngressProcess(options: IngressProcessOptions): Promise<IngressProcess> {
  const { file, log } = options
  const health = new Health()
  const wanted = await readEntries(options)
  const tls = await openTls(options)
  const counters = new Counters()
  const counting = new EntryCounting(counters)
  const events = new IngressLog(log, counters, counting)
  const ports = openPorts({ options, tls: tls?.ingress, health, events, counting })
  const relay = new RelayReach({ reach: options.reachRelay, health })
  const server = await listenHealth({ health, relay, counters }, options.health)
  const apply = async (entries: readonly WantedIngress[]): Promise<void> => {
    await ports.apply(entries)
    counting.keep(entries)
  }
  await apply(wanted)
  const watch = await FileWatch.start({
    file,
    debounceMs,
    pollIntervalMs,
    onChange: async () => {
      try {
        await apply(await readEntries(options))
        health.clear('file')
        log.info('ingress.reloaded', { file })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        health.report('file', message)
        log.error('ingress.file-refused', { message })
      }
    },
  })
  await relay.look()
  health.become('ready')
  const entries = wanted.map(({ entry }) => `${entry.name}:${ports.portOf(entry.name) ?? 'failed'}`)
  const { port: healthPort } = server.address() as AddressInfo
  log.info('ingress.ready', { entries, health: healthPort })
  return {
    ports,
    healthPort,
    stop: async ({ graceMs }) => {
      health.become('draining')
      relay.stop()
      await watch.close()
      ports.stopAccepting()
      const deadline = Date.now() + graceMs
      while (Date.now() < deadline && ports.connections > 0) await delay(drainPollMs)
      ports.close()
      events.close()
      tls?.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

function openPorts(from: {
  readonly options: IngressProcessOptions
  readonly tls: IngressTls | undefined
  readonly health: Health
  readonly events: IngressEvents
  readonly counting: EntryCounting
}): IngressPorts {
  const { tls, health, events, counting } = from
  const { log, senderOf, sessionKey } = from.options
  return new IngressPorts({
    events,
    tls,
    handshakeTimeoutMs,
    sessionKey,
    wayOf: (wanted) => {
      counting.begin(wanted)
      return {
        ...senderOf(wanted.entry.hybridConnection),
        enter: () => undefined,
        leave: () => {},
        // The way is shared by all entries of its hybrid connection, and goes with the process.
        close: () => {},
      }
    },
    onProblems: (problems) => {
      const text = describeProblems(problems)
      if (text === '') return health.clear('ingress')
      health.report('ingress', text)
      log.error('ingress.port-failed', { message: text })
    },
  })
}

async function readEntries({ file, namespace }: IngressProcessOptions): Promise<WantedIngress[]> {
  const { declaration } = parseDeclaredResources(await readText(file), file)
  const found = declaration.namespaces.filter(({ name, ingress }) =>
    namespace === undefined ? ingress !== undefined : name.toLowerCase() === namespace.toLowerCase(),
  )
  const [only, ...others] = found
  if (!only) {
    const what = namespace === undefined ? 'no namespace with ingress' : `no namespace "${namespace}"`
    throw new RelayError('InvalidConfiguration', { message: `${file} has ${what}` })
  }
  if (others.length > 0) {
    throw new RelayError('InvalidConfiguration', {
      message: `${file} has several namespaces with ingress; say which one by --namespace`,
    })
  }
  return ingressOf(only.ingress).map((entry) => ({ owner: only.name, entry }))
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `The file ${file} cannot be read: ${(cause as Error).message}`
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
}

async function openTls({
  certificates,
  log,
}: IngressProcessOptions): Promise<{ readonly ingress: IngressTls; close(): void } | undefined> {
  if (certificates.length === 0) return undefined
  const source = new CertificateFiles({ pairs: certificates, logger: log })
  await source.start()
  const settings = new TlsSettings({ source })
  const ingress = new IngressTls({
    certificates: settings,
    handshakeTimeoutMs,
  })
  return {
    ingress,
    close: () => {
      ingress.close()
      settings.stop()
      void source.stop()
    },
  }
}

async function listenHealth(
  from: { readonly health: Health; readonly relay: RelayReach; readonly counters: Counters },
  place: IngressProcessOptions['health'],
): Promise<Server> {
  const { health, relay, counters } = from
  // Without its relay this process has no use, and a load balancer may know another one that has.
  const isReady = (): boolean => health.state === 'ready' && !relay.isAway
  const readyPage: HealthPage = {
    contentType: health.readyPage.contentType,
    render: async () => ({ ...(await health.readyPage.render()), status: isReady() ? 200 : 503 }),
  }
  const pages = new Map<string, HealthPage>([
    ['/healthz', health.livePage],
    ['/readyz', readyPage],
    ['/metrics', MetricsPage.ofIngressProcess({ counters, isReady, version: serverVersion() })],
  ])
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '')
    if (!page) return void response.writeHead(404).end()
    page.render().then(
      ({ status, text }) => response.writeHead(status, { 'Content-Type': page.contentType }).end(text),
      () => response.destroy(),
    )
  })
  server.listen(place)
  await once(server, 'listening')
  return server
}

/** There is no audit log beside a relay that keeps one: the relay records the connections, this process the devices. */
class IngressLog implements IngressEvents {
  readonly #log: Logger
  readonly #counters: Counters
  readonly #counting: EntryCounting
  readonly #window: RefusalWindow

  constructor(log: Logger, counters: Counters, counting: EntryCounting) {
    this.#log = log
    this.#counters = counters
    this.#counting = counting
    this.#window = new RefusalWindow((leftOut) => log.warn('ingress.refused.more', { ...leftOut }))
  }

  /** Writes what was left out, for the end of the process. */
  close(): void {
    this.#window.close()
  }

  onRefused({ code, entry, remote, reason, trackingId = randomUUID() }: IngressRefusal): void {
    this.#counters.refused(code, 'ingress')
    if (entry) this.#counting.refused(entry, code)
    if (!this.#window.take(remote.address, code)) return
    this.#log.info('ingress.refused', {
      code,
      ...(entry && { ingress: entry.name }),
      remote: remote.address,
      reason: toLogText(reason),
      trackingId,
    })
  }

  onOpened({ entry, remote, trackingId }: IngressConnection): void {
    this.#counting.opened(entry)
    this.#log.debug('ingress.joined', { ingress: entry.name, remote: remote.address, trackingId })
  }

  onSignedIn(entry: IngressEntry, remote: RemoteEndpoint, user: string): void {
    this.#counting.signedIn(entry)
    this.#log.info('ingress.signed-in', { ingress: entry.name, user, remote: `${remote.address}:${remote.port}` })
  }

  onRequest(entry: IngressEntry): void {
    this.#counting.requested(entry)
  }

  onBytes(entry: IngressEntry, bytes: number): void {
    this.#counting.passed(entry, bytes)
  }

  onDropped(entry: IngressEntry): void {
    this.#counting.dropped(entry)
  }

  onClosed({ entry, remote, trackingId, user }: IngressConnection, { error, ...end }: IngressEnd): void {
    this.#counting.closed(entry)
    this.#log.info('ingress.closed', {
      ingress: entry.name,
      remote: `${remote.address}:${remote.port}`,
      trackingId,
      ...(user !== undefined && { user }),
      ...end,
      ...(error && { reason: toLogText(error.message) }),
    })
  }
}
