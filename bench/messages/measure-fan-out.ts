import { ProcessGroup } from '../candidates/start-processes.ts'
import { LoadProcess, loadFlags } from '../load/load-process.ts'
import { readCpuSeconds } from '../processes/process-usage.ts'
import type { Broker } from './broker-table.ts'
import { type Conversation, payload } from './conversation.ts'

/** How each fan-out is measured. */
export interface FanOutOptions {
  readonly repositoryFolder: string
  readonly loadBinary: string
  readonly seconds: number
  readonly warmupSeconds: number
  /** Numbers of subscribers. */
  readonly subscribers: readonly number[]
}

/** What one window gave. */
export interface FanOutSample {
  readonly publishedPerSecond: number
  readonly deliveredPerSecond: number
  /** CPU time of the broker for each delivery, all threads. */
  readonly cpuUsPerDelivery: number
  /** Share of one core that the load itself used: near 1 means that it was the limit. */
  readonly loadShare: number
}

/** Messages on the way to the slowest subscriber: what the relay lets one publisher have unanswered. */
const window = 64

/** Starts a broker, measures it with each number of subscribers, and stops it. */
export async function measureFanOut(broker: Broker, options: FanOutOptions): Promise<readonly FanOutSample[]> {
  const group = new ProcessGroup()
  try {
    const conversation = await broker.start(group, options.repositoryFolder)
    const samples: FanOutSample[] = []
    for (const subscribers of options.subscribers) {
      samples.push(await measureOne({ ...options, conversation, pids: group.countedPids, subscribers }))
    }
    return samples
  } finally {
    await group.stop()
  }
}

async function measureOne(
  options: Omit<FanOutOptions, 'subscribers'> & {
    readonly conversation: Conversation
    readonly pids: readonly number[]
    readonly subscribers: number
  },
): Promise<FanOutSample> {
  const { conversation, pids, subscribers, loadBinary, seconds, warmupSeconds } = options
  const { port, subscribe, subscribed, publish, published, message, deliveryBytes } = conversation
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const load = new LoadProcess({
    binary: loadBinary,
    plannedSeconds: warmupSeconds + seconds,
    args: loadFlags({
      port,
      subscribers,
      window,
      seconds,
      warmup: warmupSeconds,
      delivery: deliveryBytes,
      mark: hex(payload),
      message: hex(message),
      subscribe: hex(subscribe),
      subscribed: hex(subscribed),
      publish: hex(publish),
      published: hex(published),
    }),
  })
  try {
    await load.expectLine('START')
    const before = readCpuSeconds(pids)
    await load.expectLine('END')
    const cpuSeconds = readCpuSeconds(pids) - before
    const result: { seconds: number; published: number; delivered: number; loadCpuSeconds: number } = JSON.parse(
      await load.nextLine(),
    )
    await load.finish()
    if (result.delivered === 0)
      throw new Error(`no message reached ${subscribers} subscribers: ${load.complaints || 'silence'}`)
    return {
      publishedPerSecond: result.published / result.seconds,
      deliveredPerSecond: result.delivered / result.seconds,
      cpuUsPerDelivery: (cpuSeconds / result.delivered) * 1e6,
      loadShare: result.loadCpuSeconds / result.seconds,
    }
  } finally {
    load.kill()
  }
}
