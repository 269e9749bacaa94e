import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { TestRelay } from '@postern/testkit'

/** Text of the /metrics page. */
export function metricsPage(relay: TestRelay): Promise<string> {
  return new Promise((resolve, reject) => {
    const { ca } = relay.tls
    const request = relay.relay.management.startsWith('https:') ? httpsRequest : httpRequest
    request(`${relay.relay.management}/metrics`, { ...(ca !== undefined && { ca }), agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}

/** The sum of a metric over the series that have all given label texts (`code="OfferUnknown"`). */
export async function metrics(relay: TestRelay, name: string, ...labels: string[]): Promise<number> {
  let sum = 0
  for (const line of (await metricsPage(relay)).split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match?.[1] === name && labels.every((label) => match[2]?.includes(label))) sum += Number(match[3])
  }
  return sum
}

/** Asks until the metric has this value, for at most 5 seconds. */
metrics.until = async (relay: TestRelay, name: string, value: number): Promise<void> => {
  const deadline = Date.now() + 5000
  while ((await metrics(relay, name)) !== value) {
    if (Date.now() > deadline) throw new Error(`${name} did not become ${value}`)
  }
}
