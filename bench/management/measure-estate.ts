import { Secret } from '@postern/program'
import { type EstateSize, entityBody, entityName, namespaceHost, namespaceName, relayPath, signIn } from './estate.ts'
import { KeepAliveClient } from './keep-alive-client.ts'
import { type ManagedRelay, startManagedRelay } from './managed-relay.ts'
import { measureSenderDecisions, type SenderDecisions } from './sender-decisions.ts'
import { signSender } from './sender-token.ts'

/** Time of one kind of call over one connection, one call after the other. */
export interface CallTimes {
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time of the relay for each, all threads. */
  readonly cpuMs: number
}

/** What one repetition measures; the names are the rows of the tables. */
export interface EstateMeasurement {
  readonly readyMs: number
  readonly readyCpuMs: number
  readonly memoryBytes: number
  readonly calls: Readonly<Record<CallName, CallTimes>>
  readonly decisions: SenderDecisions
}

export const callNames = ['list', 'get', 'put', 'sender'] as const
export type CallName = (typeof callNames)[number]

export interface MeasureOptions {
  readonly repositoryFolder: string
  /** Holds the data folder with the estate. */
  readonly folder: string
  readonly size: EstateSize
  /** Of each kind. */
  readonly calls: number
}

/** Starts a relay on an estate that is there, measures, and stops it. */
export async function measureEstate(options: MeasureOptions): Promise<EstateMeasurement> {
  const relay = await startManagedRelay(options.repositoryFolder, options.folder)
  try {
    const memoryBytes = relay.readPssBytes()
    const calls = await measureCalls(relay, options)
    return {
      readyMs: relay.readyMs,
      readyCpuMs: relay.readyCpuMs,
      memoryBytes,
      calls,
      decisions: await measureSenderDecisions(options.size),
    }
  } finally {
    await relay.stop()
  }
}

async function measureCalls(relay: ManagedRelay, options: MeasureOptions): Promise<EstateMeasurement['calls']> {
  const { folder, size, calls } = options
  const management = await signIn(relay, folder)
  const namespaceOf = (index: number): string => namespaceName(index % size.namespaces)
  const entityPath = (index: number): string =>
    relayPath(namespaceOf(index), 'hybridConnections', entityName(index % size.hybridConnections))
  const sender = await openSender(relay, management, size)
  const time = (ask: (index: number) => Promise<{ readonly ms: number }>): Promise<CallTimes> =>
    timeCalls(relay, calls, ask)
  try {
    return {
      list: await time((index) => management.demand('GET', relayPath(namespaceOf(index), 'hybridConnections'))),
      get: await time((index) => management.demand('GET', entityPath(index))),
      put: await time((index) => management.demand('PUT', entityPath(index), entityBody(`change ${index}`))),
      sender: await time(sender.ask),
    }
  } finally {
    management.close()
    sender.close()
  }
}

/** A tenth of the calls are made before, for whatever a program does only once. */
async function timeCalls(
  relay: ManagedRelay,
  calls: number,
  ask: (index: number) => Promise<{ readonly ms: number }>,
): Promise<CallTimes> {
  for (let index = 0; index < calls / 10; index += 1) await ask(index)
  const cpuBefore = relay.readCpuSeconds()
  const times: number[] = []
  for (let index = 0; index < calls; index += 1) {
    // A prime step: every call is about another thing.
    const { ms } = await ask(index * 7919)
    times.push(ms)
  }
  const cpuMs = ((relay.readCpuSeconds() - cpuBefore) * 1000) / calls
  const sorted = times.toSorted((a, b) => a - b)
  const quantile = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), cpuMs }
}

interface Sender {
  readonly ask: (index: number) => Promise<{ readonly ms: number }>
  close(): void
}

/** Requests through the data door to hybrid connections of one namespace: authorised, then told that nobody listens. */
async function openSender(relay: ManagedRelay, management: KeepAliveClient, size: EstateSize): Promise<Sender> {
  const name = namespaceName(0)
  const rule = 'RootManageSharedAccessKey'
  const { body } = await management.demand('POST', relayPath(name, 'authorizationRules', rule, 'listKeys'))
  const { primaryKey }: { readonly primaryKey: string } = JSON.parse(body)
  const host = namespaceHost(name)
  const client = new KeepAliveClient({
    port: relay.dataPort,
    host,
    ca: relay.ca,
    headers: { ServiceBusAuthorization: signSender(host, { name: rule, primaryKey: new Secret(primaryKey) }) },
    connections: 1,
  })
  return {
    ask: async (index) => {
      // Entities were dealt out to the namespaces in turn: this one has every `namespaces`th.
      const own = (index * size.namespaces) % size.hybridConnections
      const answer = await client.ask('GET', `/${entityName(own)}`)
      if (answer.status !== 502) throw new Error(`a sender was answered ${answer.status}: ${answer.body}`)
      return answer
    },
    close: () => client.close(),
  }
}
