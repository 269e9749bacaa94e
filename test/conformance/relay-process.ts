import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { RunningRelay, StartRelayOptions } from '@postern/server'
import { startTestRelay, type TestRelay, wrapRelay } from '@postern/testkit'
import { reachableBytes } from './collect-garbage.ts'

/** What a process holds. */
export interface Holdings {
  /** Heap and buffers after a garbage collection. */
  readonly bytes: number
  /** What keeps it running, by kind: sockets, timers, files. */
  readonly resources: Readonly<Record<string, number>>
}

export interface RelayProcess extends TestRelay {
  holdings(): Promise<Holdings>
}

/** Starts a test relay in a process of its own, so that what it holds can be told from what its clients hold. */
export async function startRelayProcess(options: Omit<StartRelayOptions, 'log'>): Promise<RelayProcess> {
  const child = fork(import.meta.filename, { execArgv: ['--conditions=@postern/source'], serialization: 'advanced' })
  child.send(options)
  const started = (await answerOf(child)) as Started
  const relay = {
    ...started,
    hybridConnections: () => started.access,
    server: { dataPort: Number(new URL(started.data).port) },
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  } as unknown as RunningRelay
  return {
    ...wrapRelay(relay),
    holdings: () => {
      child.send('holdings')
      return answerOf(child) as Promise<Holdings>
    },
  }
}

interface Started extends Pick<RunningRelay, 'data' | 'management' | 'caPem'> {
  readonly access: ReturnType<RunningRelay['hybridConnections']>
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [answer] = (await once(child, 'message', { signal: AbortSignal.timeout(20_000) })) as [unknown]
  return answer
}

async function serve(options: StartRelayOptions): Promise<Started> {
  const { relay } = await startTestRelay(options)
  process.on('message', () => {
    void reachableBytes().then((bytes) => process.send?.({ bytes, resources: resources() }))
  })
  const { data, management, caPem } = relay
  return { data, management, caPem, access: relay.hybridConnections() }
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo().toSorted()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) {
  process.once(
    'message',
    (options) => void serve(options as StartRelayOptions).then((started) => process.send?.(started)),
  )
}
