import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { encodePayloadHeader, PayloadReader, payloadBytes } from './payload.ts'

const probeBytes = 64

/** A new probe begins this often, whether or not the one before has ended: some hang until they time out. */
const probeIntervalMs = 50

/** Ids beyond those of the load. */
let nextId = 0x8000_0000

/**
 * Opens a fresh connection through a tunnel, sends a few bytes and its end, reads them back and the end.
 * Resolves with the letter that the target says first: by which listener the connection came.
 *
 * @param door a port of this machine, or the path of a Unix socket.
 */
export function probeTunnel(door: number | string, signal?: AbortSignal): Promise<string> {
  const id = nextId++
  const reader = new PayloadReader(1)
  let letter = ''
  return new Promise((resolve, reject) => {
    const place = typeof door === 'number' ? { port: door, host: '127.0.0.1' } : { path: door }
    const socket = connect({ ...place, allowHalfOpen: true, noDelay: true })
    const cut = (): void => void socket.destroy()
    let hasEnded = false
    signal?.addEventListener('abort', cut)
    socket.on('data', (chunk) => {
      letter ||= chunk.toString('latin1', 0, 1)
      reader.push(chunk)
    })
    socket.on('end', () => {
      hasEnded = true
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      signal?.removeEventListener('abort', cut)
      if (hasEnded && reader.isWhole && reader.id === id) resolve(letter)
      else reject(new Error('the tunnel does not work'))
    })
    socket.write(encodePayloadHeader(id, probeBytes))
    socket.end(payloadBytes(id, 0, probeBytes))
    if (signal?.aborted) cut()
  })
}

/** When a tunnel worked again, ms after the given start. */
export interface TunnelRecovery {
  /** The first fresh connection had its answer. */
  readonly firstMs: number
  /** Fresh connections had theirs by every one of the doors. */
  readonly allMs: number
}

/** Probes until fresh connections have come by each of the doors, or by one; all of them begun after this call. */
export async function untilTunnelWorks(options: {
  /** A port of this machine, or the path of a Unix socket. */
  readonly port: number | string
  readonly doors: readonly string[]
  /** Default false: by every one of them. */
  readonly isOneEnough?: boolean
  /** Counted from here, ms since 1970. */
  readonly sinceMs: number
  readonly timeoutMs: number
}): Promise<TunnelRecovery> {
  const { port, doors, isOneEnough = false, sinceMs, timeoutMs } = options
  const missing = new Set(doors)
  const over = new AbortController()
  const deadline = Date.now() + timeoutMs
  let firstMs: number | undefined
  const probe = async (): Promise<void> => {
    const door = await probeTunnel(port, over.signal).catch(() => undefined)
    if (door === undefined || over.signal.aborted) return
    firstMs ??= Date.now() - sinceMs
    if (isOneEnough) missing.clear()
    else missing.delete(door)
  }
  const probes = new Set<Promise<void>>()
  while (missing.size > 0 && Date.now() < deadline) {
    const running = probe().finally(() => probes.delete(running))
    probes.add(running)
    await Promise.race([wait(probeIntervalMs), running.then(() => wait(10))])
  }
  const allMs = Date.now() - sinceMs
  over.abort()
  await Promise.all(probes)
  if (missing.size === 0) return { firstMs: Math.max(0, firstMs ?? allMs), allMs: Math.max(0, allMs) }
  const what = firstMs === undefined ? 'at all' : `by ${[...missing].join(' and ')}`
  throw new Error(`no fresh connection worked ${what} within ${timeoutMs} ms`)
}
