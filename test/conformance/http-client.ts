import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { TestRelay } from '@postern/testkit'

export interface Answer {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Begins a request to the data door; the caller sends the body and reads the answer. */
export function begin(relay: TestRelay, path: string, options: RequestOptions = {}): ClientRequest {
  const [host = '', port = ''] = relay.host.split(':')
  const { ca } = relay.tls
  return httpsRequest({ host, port: Number(port), path, agent: false, ...(ca !== undefined && { ca }), ...options })
}

/** The answer of a request as it begins; its body is still to be read. */
export function head(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
  })
}

/** The whole answer of a request. */
export async function answer(request: ClientRequest): Promise<Answer> {
  const response = await head(request)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: response.headers,
    body: Buffer.concat(chunks),
  }
}

/** Sends a whole request and reads the whole answer. */
export function send(
  relay: TestRelay,
  path: string,
  options: RequestOptions = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  const request = begin(relay, path, options)
  request.end(body)
  return answer(request)
}
