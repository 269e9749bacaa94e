import { request } from 'node:https'

/** Where a relay's metrics are. */
export interface MetricsAddress {
  /** `https://host:port` of the management door. */
  readonly management: string
  readonly caPem: string
}

/** The relay's metrics by name, summed over their series. */
export async function readRelayMetrics(address: MetricsAddress): Promise<ReadonlyMap<string, number>> {
  const metrics = new Map<string, number>()
  for (const line of (await readPage(address)).split('\n')) {
    const match = /^(\w+)(?:\{.*\})? (\S+)$/.exec(line)
    if (match?.[1]) metrics.set(match[1], (metrics.get(match[1]) ?? 0) + Number(match[2]))
  }
  return metrics
}

function readPage({ management, caPem }: MetricsAddress): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signal = AbortSignal.timeout(10_000)
  const call = request(`${management}/metrics`, { ca: caPem, agent: false, signal }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    response.on('error', reject)
  })
  call.on('error', reject).end()
  return promise
}
