import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** One request that the stub got. */
export interface StubRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the stub answers; a function writes the answer itself. */
export type StubReply =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly json?: unknown
      readonly text?: string
    }
  | ((response: ServerResponse, request: StubRequest) => void)

export interface StubEndpoint extends AsyncDisposable {
  readonly endpoint: string
  readonly requests: readonly StubRequest[]
}

/** A server on loopback that answers request after request as the test says; the last answer stays. */
export async function openStubEndpoint(
  replies: readonly StubReply[] | ((endpoint: string) => readonly StubReply[]),
): Promise<StubEndpoint> {
  const requests: StubRequest[] = []
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming
    const request = { method, url, headers, body: await text(incoming) }
    requests.push(request)
    const script = typeof replies === 'function' ? replies(endpoint) : replies
    const reply = script[Math.min(requests.length, script.length) - 1]
    if (typeof reply === 'function') return reply(response, request)
    const { status = 200, json, text: body = json === undefined ? '' : JSON.stringify(json) } = reply ?? {}
    response.writeHead(status, { 'Content-Type': 'application/json', ...reply?.headers }).end(body)
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Everything that an iteration gives. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
