import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ConnectionOptions } from 'node:tls'

/** Where the demo service is asked for, and how. */
export interface ProofTarget extends RequestOptions, Pick<ConnectionOptions, 'ca' | 'servername'> {
  readonly protocol: 'http:' | 'https:'
  /** What stands before the path of the service. */
  readonly pathPrefix?: string
}

const proofTimeoutMs = 10_000

/**
 * Asks the demo service twice, each time over a new connection for something that only it can answer.
 * @returns how long the second one took, in ms: the first one also warms everything up
 * @throws {Error} when the answer is another one
 */
export async function proveRequest(target: ProofTarget): Promise<number> {
  await askOnce(target)
  const startedAt = performance.now()
  await askOnce(target)
  return performance.now() - startedAt
}

async function askOnce({ pathPrefix = '', ...options }: ProofTarget): Promise<void> {
  const proof = `/proof/${randomUUID()}`
  const signal = AbortSignal.timeout(proofTimeoutMs)
  const send = options.protocol === 'https:' ? requestHttps : requestHttp
  const text = await new Promise<string>((resolve, reject) => {
    const request = send({ ...options, path: `${pathPrefix}${proof}`, agent: false, signal }, (response) => {
      readAnswer(response).then(resolve, reject)
    })
    request.on('error', reject).end()
  })
  if (!text.includes(proof)) throw new Error(`something else answered: ${text.slice(0, 200)}`)
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${response.statusMessage}`)
  return text
}
