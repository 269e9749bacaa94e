import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const retryMs = 50
const attemptTimeoutMs = 3_000

/** Where bytes go in and where they must come out. */
export interface EchoPath {
  /** Bytes go in at 127.0.0.this. Default 1. */
  readonly listenAddress?: number
  readonly listenPort: number
  /** They go in at the far side. Default false. */
  readonly isFar?: boolean
  readonly targetPort: number
}

/**
 * Proves that a tunnel carries bytes: an echo server on the target port answers through it. Retries until
 * `timeoutMs` has passed, since some forwarders listen before their relay is reached.
 *
 * @throws {Error} when nothing, or something else than what was sent, has come back in time.
 */
export async function checkEcho(
  { listenAddress = 1, listenPort, targetPort }: EchoPath,
  timeoutMs: number,
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(targetPort, '127.0.0.1')
  await once(server, 'listening')
  try {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const problem = await tryEcho(`127.0.0.${listenAddress}`, listenPort)
      if (problem === undefined) return
      if (Date.now() > deadline) throw new Error(`no byte came through the tunnel in ${timeoutMs} ms: ${problem}`)
      await delay(retryMs)
    }
  } finally {
    server.close()
  }
}

async function tryEcho(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ port, host })
  const sent = Buffer.from('postern bench echo')
  try {
    socket.write(sent)
    let received = Buffer.alloc(0)
    const signal = AbortSignal.timeout(attemptTimeoutMs)
    signal.addEventListener('abort', () => socket.destroy(new Error(`silent for ${attemptTimeoutMs} ms`)))
    for await (const chunk of socket) {
      const bytes: Buffer = chunk
      received = Buffer.concat([received, bytes])
      if (received.length >= sent.length) break
    }
    return received.equals(sent) ? undefined : `sent ${sent.length} bytes, got ${received.length} back`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    socket.destroy()
  }
}
