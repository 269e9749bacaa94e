import type { Duplex } from 'node:stream'
import { describeFailure } from '@postern/bridge'
import { isRelayError } from '@postern/protocol'
import type { Route } from '../routes/route.ts'
import { type Hop, since } from './hop.ts'

/** A relay gives a listener 30 s to accept. */
const openTimeoutMs = 35_000
/** A far end that has to give up says so in this time; a service that greets has greeted. */
const silenceMs = 1_500

/** How many listeners there are, a stream, and whether what is behind it answers. */
export async function pingFarEnd(route: Route): Promise<readonly Hop[]> {
  const listener = await askListeners(route)
  if (listener.result === 'failed') return [listener]
  const startedAt = performance.now()
  try {
    const stream = await route.open({ signal: AbortSignal.timeout(openTimeoutMs) })
    const hop: Hop = {
      name: 'stream',
      result: 'ok',
      ms: since(startedAt),
      message: 'the listener has taken the stream',
    }
    try {
      return [listener, hop, await listenTo(stream, route)]
    } finally {
      stream.on('error', () => {}).destroy()
    }
  } catch (error) {
    return [listener, ...failedOpening(route, error, since(startedAt))]
  }
}

async function askListeners(route: Route): Promise<Hop> {
  const startedAt = performance.now()
  const { path } = route.place
  try {
    const { listenerCount = 0 } = await route.readEntity(AbortSignal.timeout(openTimeoutMs))
    if (listenerCount > 0) {
      const message = `${path} has ${listenerCount} ${listenerCount === 1 ? 'listener' : 'listeners'}`
      return { name: 'listener', result: 'ok', ms: since(startedAt), message }
    }
    return {
      name: 'listener',
      result: 'failed',
      ms: since(startedAt),
      message: `nobody listens at ${path}`,
      whatToDo:
        'Start a Hybrid Connection Manager at the private site: hcm add "<connection string>"; hcm status says what keeps it away.',
    }
  } catch (error) {
    const message = describeFailure(path, route.sender.keyName, error)
    // A key that may only send may not ask this in Azure.
    const result = isRelayError(error) && [401, 403].includes(error.httpStatus) ? 'unknown' : 'failed'
    return { name: 'listener', result, ms: since(startedAt), message }
  }
}

function failedOpening(route: Route, error: unknown, ms: number): readonly Hop[] {
  const message = describeFailure(route.place.path, route.sender.keyName, error)
  const isFarEnd =
    isRelayError(error) && ['TargetUnreachable', 'EndpointNotAllowed', 'ListenerRejected'].includes(error.code)
  if (!isFarEnd) return [{ name: 'stream', result: 'failed', ms, message }]
  return [
    { name: 'stream', result: 'ok', ms, message: 'the listener has answered' },
    {
      name: 'far end',
      result: 'failed',
      ms,
      message,
      whatToDo:
        'At the private site: is the service running, may its Hybrid Connection Manager reach it, and is it allowed? hcm status says.',
    },
  ]
}

/**
 * Hybrid Connection Managers of Postern dial before they accept; others accept first and hang up when nobody answers them.
 * What neither speaks nor hangs up cannot be told apart from a service that waits to be spoken to.
 */
function listenTo(stream: Duplex, route: Route): Promise<Hop> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const end = (result: Hop['result'], message: string, whatToDo?: string): void => {
      clearTimeout(timer)
      resolve({ name: 'far end', result, ms: since(startedAt), message, ...(whatToDo !== undefined && { whatToDo }) })
    }
    const timer = setTimeout(() => {
      if (route.isDialedFirst) end('ok', 'the listener has reached the service')
      else
        end('unknown', 'the listener has accepted and says nothing more: whether it reaches the service cannot be told')
    }, silenceMs)
    stream.once('data', (chunk: Buffer) => end('ok', `the service speaks: ${chunk.length} bytes`))
    const hungUp = (): void =>
      end(
        'failed',
        'the listener has hung up at once: it does not reach the service',
        'At the private site: is the service running, and may the listener reach it?',
      )
    stream.once('end', hungUp)
    stream.once('error', hungUp)
    stream.once('close', hungUp)
  })
}
