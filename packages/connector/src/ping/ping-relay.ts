import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import tls, { type ConnectionOptions } from 'node:tls'
import { lookupName } from '@postern/protocol'
import type { RelayPlace } from '../routes/route-spec.ts'
import { type Hop, since } from './hop.ts'

/** The way from this machine to a relay. */
export interface RelayWay {
  readonly place: Pick<RelayPlace, 'host' | 'port'>
  readonly tls: ConnectionOptions | false
  /** True when a proxy is between: then nothing of the way is ours to see. */
  readonly hasProxy: boolean
}

const timeoutMs = 3_000

/** Name, TCP and TLS of a relay, as far as they go. */
export async function pingRelay({ place, tls: options, hasProxy }: RelayWay): Promise<readonly Hop[]> {
  if (hasProxy) return [{ name: 'relay TCP', result: 'skipped', message: 'a proxy is on the way to the relay' }]
  const hops: Hop[] = []
  const { host, port } = place
  const named = await resolve(host)
  if (named.hop) hops.push(named.hop)
  if (named.address === undefined) return hops
  const startedAt = performance.now()
  const socket = connect({ host: named.address, port })
  try {
    const problem = await opened(socket, 'connect')
    if (problem !== undefined) {
      return [
        ...hops,
        {
          name: 'relay TCP',
          result: 'failed',
          ms: since(startedAt),
          message: `${host}:${port} does not answer: ${problem}`,
          whatToDo: 'Is the relay running, and does a firewall let this machine reach that port?',
        },
      ]
    }
    hops.push({ name: 'relay TCP', result: 'ok', ms: since(startedAt), message: `${named.address}:${port} answers` })
    if (options !== false) hops.push(await secure(socket, host, options))
    return hops
  } finally {
    socket.destroy()
  }
}

async function resolve(host: string): Promise<{ readonly hop?: Hop; readonly address?: string }> {
  if (isIP(host)) return { address: host }
  const startedAt = performance.now()
  try {
    const { address } = await lookup(lookupName(host))
    return {
      address,
      hop: { name: 'relay name', result: 'ok', ms: since(startedAt), message: `${host} is ${address}` },
    }
  } catch (error) {
    const hop: Hop = {
      name: 'relay name',
      result: 'failed',
      ms: since(startedAt),
      message: `${host} has no address: ${(error as NodeJS.ErrnoException).code}`,
      whatToDo: 'Check Endpoint in the connection string, and the resolvers of this machine.',
    }
    return { hop }
  }
}

async function secure(socket: Socket, host: string, options: ConnectionOptions): Promise<Hop> {
  const startedAt = performance.now()
  const secured = tls.connect({ ...options, socket, ...(isIP(host) === 0 && { servername: host }) })
  const problem = await opened(secured, 'secureConnect')
  secured.destroy()
  if (problem === undefined) {
    return { name: 'relay TLS', result: 'ok', ms: since(startedAt), message: `its certificate is good for ${host}` }
  }
  return {
    name: 'relay TLS',
    result: 'failed',
    ms: since(startedAt),
    message: `TLS with ${host} fails: ${problem}`,
    whatToDo: 'Trust the authority of the relay with --tls-ca FILE; for a relay with --tls off say --no-tls.',
  }
}

/** Undefined when it came about, else why not. */
function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
    const end = (problem?: string): void => {
      clearTimeout(timer)
      resolve(problem)
    }
    socket.once(event, () => end())
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => end(code ?? message))
    socket.once('close', () => end('the connection was closed'))
  })
}
