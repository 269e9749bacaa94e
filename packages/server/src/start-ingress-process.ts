import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { RelayDialer, SenderCarriers } from '@postern/carrier'
import type { Logger, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type CertificateFilePair, CertificateFiles } from './certificates/certificate-files.ts'
import { TlsSettings } from './certificates/tls-settings.ts'
import type { IngressEntry } from './domain/ingress-entry.ts'
import { EntryCounting } from './ingress/entry-counting.ts'
import { EntryFileWatch } from './ingress/entry-file-watch.ts'
import { entryAtHealth, type HealthPlace, listenHealth } from './ingress/health-server.ts'
import { IngressLog } from './ingress/ingress-log.ts'
import { IngressPorts, type WantedIngress } from './ingress/ingress-ports.ts'
import { IngressReadiness } from './ingress/ingress-readiness.ts'
import { IngressTls } from './ingress/ingress-tls.ts'
import { type RelayProbe, RelayReach } from './ingress/relay-reach.ts'
import { serverVersion } from './server-version.ts'
import { ingressOf } from './storage/declared-ingress.ts'
import { FileWatch } from './storage/file-watch.ts'
import { parseDeclaredResources } from './storage/parse-declared-resources.ts'
import { Counters } from './telemetry/counters.ts'
import { Health } from './telemetry/health.ts'
import { MetricsPage } from './telemetry/metrics-page.ts'

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
  readonly probe: RelayProbe
  /** For entries with `tls: terminate`. */
  readonly certificates: readonly CertificateFilePair[]
  /** Seals sessions of people who sign in before HTTP hosts; without it they end with the process. */
  readonly sessionKey?: Secret
  /** Where `/healthz`, `/readyz` and `/metrics` are. They ask for no credentials. */
  readonly health: HealthPlace
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
/** What was cut is gone in a turn of the loop or two. */
const cutTimeoutMs = 1000

/**
 * Runs the public ports of a namespace beside a relay: it keeps nothing, so that any number of them may stand behind a load balancer.
 * A file that became wrong changes nothing, and shows in `/readyz`.
 * @throws {RelayError} InvalidConfiguration when file, certificates or health port cannot be used
 */
export async function startIngressProcess(options: IngressProcessOptions): Promise<IngressProcess> {
  const { file, log } = options
  const wanted = await readEntries(options)
  const tls = await openTls(options)
  const parts = createParts(options, tls?.ingress)
  const { health, relay, readiness, files, ports, facts, apply } = parts
  const server = await listenHealth(pagesOf(parts), options.health)
  facts.healthPort = (server.address() as AddressInfo).port
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
        void relay.look()
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        health.report('file', message)
        log.error('ingress.file-refused', { message })
      }
    },
  })
  await relay.look()
  health.become('ready')
  readiness.tell()
  return {
    ports,
    healthPort: facts.healthPort,
    stop: async ({ graceMs }) => {
      health.become('draining')
      relay.stop()
      files.stop()
      await watch.close()
      await drain(parts, { graceMs, log })
      tls?.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** What runs in one process, and what its log says of it when it becomes ready. */
interface IngressParts {
  readonly health: Health
  readonly counters: Counters
  readonly relay: RelayReach
  readonly readiness: IngressReadiness
  readonly files: EntryFileWatch
  readonly events: IngressLog
  readonly ports: IngressPorts
  readonly facts: { wanted: readonly WantedIngress[]; healthPort: number }
  readonly apply: (wanted: readonly WantedIngress[]) => Promise<void>
}

function createParts(options: IngressProcessOptions, tls: IngressTls | undefined): IngressParts {
  const { log, probe, senderOf, sessionKey } = options
  const health = new Health()
  const counters = new Counters()
  const counting = new EntryCounting(counters)
  const facts: IngressParts['facts'] = { wanted: [], healthPort: 0 }
  const relay = new RelayReach({ probe, health, log, onLooked: () => readiness.tell() })
  const readiness = new IngressReadiness({
    health,
    relay,
    log,
    facts: () => ({
      entries: facts.wanted.map(({ entry }) => `${entry.name}:${ports.portOf(entry.name) ?? 'failed'}`),
      health: facts.healthPort,
    }),
  })
  const events = new IngressLog({
    log,
    counters,
    counting,
    isOwnTrouble: ({ hybridConnection }, code) => relay.doubt(hybridConnection, code),
  })
  const ports = new IngressPorts({
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
      readiness.replaceProblems(problems)
      readiness.tell()
    },
    onCut: (cut) => log.info('ingress.cut', { ...cut }),
  })
  const files = new EntryFileWatch({
    onFaults: (faults) => {
      readiness.replaceFaults(faults)
      readiness.tell()
    },
  })
  const apply = async (wanted: readonly WantedIngress[]): Promise<void> => {
    readiness.replaceEntries(wanted)
    facts.wanted = wanted
    relay.follow(wanted.map(({ entry }) => entry.hybridConnection))
    await Promise.all([ports.apply(wanted), files.replace(wanted)])
    counting.keep(wanted)
  }
  return { health, counters, relay, readiness, files, events, ports, facts, apply }
}

function pagesOf({ health, readiness, counters }: IngressParts): ReadonlyMap<string, Health['livePage']> {
  const isReady = (): boolean => readiness.isReady
  return new Map([
    ['/healthz', health.livePage],
    ['/readyz', readiness.page],
    ['/metrics', MetricsPage.ofIngressProcess({ counters, isReady, version: serverVersion() })],
  ])
}

async function drain(
  { ports, events }: IngressParts,
  { graceMs, log }: { readonly graceMs: number; readonly log: Logger },
): Promise<void> {
  ports.stopAccepting()
  const deadline = Date.now() + graceMs
  while (Date.now() < deadline && ports.connections > 0) await delay(drainPollMs)
  log.info('ingress.drained', { cut: ports.connections })
  const allClosed = events.cutting()
  ports.close()
  await Promise.race([allClosed, delay(cutTimeoutMs, undefined, { ref: false })])
  events.close()
}

async function readEntries(options: IngressProcessOptions): Promise<WantedIngress[]> {
  const { file, namespace } = options
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
  const entries = ingressOf(only.ingress)
  checkEntries(entries, options)
  return entries.map((entry) => ({ owner: only.name, entry }))
}

/** What can only be said by whoever knows how the process was started. */
function checkEntries(entries: readonly IngressEntry[], options: IngressProcessOptions): void {
  const { file, certificates, health } = options
  const ending = certificates.length === 0 ? entries.find(({ tls }) => tls === 'terminate') : undefined
  if (ending) {
    throw new RelayError('InvalidConfiguration', {
      message: `${file}: ingress "${ending.name}" ends TLS here (tls: terminate), which takes a certificate: give --tls-cert and --tls-key`,
    })
  }
  const atHealth = entryAtHealth(entries, health)
  if (atHealth) {
    throw new RelayError('InvalidConfiguration', {
      message: `${file}: ingress "${atHealth.name}" wants port ${atHealth.port}, where the health pages are; choose another port here, or for them with --health`,
    })
  }
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
