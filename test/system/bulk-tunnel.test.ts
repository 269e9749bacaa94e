// Real processes: relay with TLS, two forwarders. Everything is between sockets of this process.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { before, test } from 'node:test'
import { bulkStream } from './bulk-stream.ts'
import { cpuSeconds, residentBytes } from './process-facts.ts'
import { expectHoldings, measureHoldings } from './process-holdings.ts'
import { maxRelayBytes, RelayProcess } from './relay-process.ts'
import { TcpTarget } from './tcp-target.ts'
import { Tunnel } from './tunnel.ts'

const mib = 1_048_576
const bulkBytes = Number(process.env['POSTERN_BULK_MIB'] ?? 1024) * mib
const idleConnections = Number(process.env['POSTERN_IDLE_CONNECTIONS'] ?? 2000)
/** Below the relay's bound for sockets of one address that have not been authorised yet. */
const openAtOnce = 16
/** Ten times what an idle machine with two cores takes. */
const timeout = 240_000

// A first start from source compiles it, and the compiler is not the relay.
before(async () => (await RelayProcess.start([]))[Symbol.asyncDispose](), { timeout: 60_000 })

/** Sends `bulkBytes` that no other seed gives, ends its direction, and reads to the end; the hashes of both. */
async function exchange(socket: Socket, seed: number): Promise<{ sent: string; received: string; bytes: number }> {
  const sent = createHash('sha256')
  const received = createHash('sha256')
  let bytes = 0
  const sending = pipeline(bulkStream(seed, bulkBytes, sent), socket)
  for await (const chunk of socket) {
    received.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  await sending
  return { sent: sent.digest('hex'), received: received.digest('hex'), bytes }
}

test('1 GiB each way at once arrives unchanged while the relay stays under 200 MB', { timeout }, async (context) => {
  const atTarget = Promise.withResolvers<Awaited<ReturnType<typeof exchange>>>()
  await using target = await TcpTarget.start(
    (socket) => void exchange(socket, 1).then(atTarget.resolve, atTarget.reject),
  )
  await using relay = await RelayProcess.start([{ name: 'bulk' }])
  await using tunnel = await Tunnel.open(relay, 'bulk', target.port)
  const startedAt = performance.now()
  const socket = connect({ port: tunnel.port, host: '127.0.0.1', allowHalfOpen: true })
  const [atClient, far] = await Promise.all([exchange(socket, 2), atTarget.promise])
  const seconds = (performance.now() - startedAt) / 1000
  assert.deepEqual([atClient.bytes, far.bytes], [bulkBytes, bulkBytes])
  assert.equal(far.received, atClient.sent)
  assert.equal(atClient.received, far.sent)
  const peak = relay.program.peakResidentBytes()
  context.diagnostic(
    `${((2 * bulkBytes) / mib / seconds).toFixed(0)} MiB/s both ways together, ${seconds.toFixed(1)} s`,
  )
  for (const [name, one] of Object.entries({ relay: relay.program, local: tunnel.local, remote: tunnel.remote })) {
    const cpu = cpuSeconds(one.pid) / ((2 * bulkBytes) / 1024 / mib)
    context.diagnostic(`${name}: peak ${(one.peakResidentBytes() / mib).toFixed(0)} MiB, ${cpu.toFixed(2)} CPU s/GiB`)
  }
  assert.ok(peak < maxRelayBytes, `the relay took ${peak} bytes`)
  await relay.untilMetric('postern_active_connections', 0)
})

async function openIdle(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  const lane = async (): Promise<void> => {
    while (sockets.length < count) {
      const socket = connect({ port, host: '127.0.0.1' })
      sockets.push(socket)
      await greeted(socket)
    }
  }
  await Promise.all(Array.from({ length: openAtOnce }, lane))
  return sockets
}

function greeted(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', () => resolve())
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the tunnel ended before the greeting')))
  })
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      const closed = once(socket, 'close')
      socket.end()
      return closed
    }),
  )
}

test(`${idleConnections} idle tunnelled connections leave nothing behind when they close`, {
  timeout,
}, async (context) => {
  await using target = await TcpTarget.start((socket) => {
    socket.write('hello')
    socket.resume()
    socket.on('end', () => socket.end())
  })
  await using relay = await RelayProcess.start([{ name: 'idle' }])
  await using tunnel = await Tunnel.open(relay, 'idle', target.port)
  const programs = { relay: relay.program, local: tunnel.local, remote: tunnel.remote }
  // The first connections load code and fill caches; they are no part of what is measured.
  await closeAll(await openIdle(tunnel.port, 200))
  await relay.untilMetric('postern_active_connections', 0)
  const before = await measureHoldings(programs)
  const residentBefore = residentBytes(relay.program.pid)

  const startedAt = performance.now()
  const sockets = await openIdle(tunnel.port, idleConnections)
  const openedInMs = performance.now() - startedAt
  await relay.untilMetric('postern_active_connections', sockets.length)
  assert.equal(await relay.metric('postern_pending_offers'), 0)
  const each = (residentBytes(relay.program.pid) - residentBefore) / sockets.length / 1024
  context.diagnostic(
    `opened in ${(openedInMs / 1000).toFixed(1)} s, ${each.toFixed(0)} KiB resident in the relay for each`,
  )

  await closeAll(sockets)
  await relay.untilMetric('postern_active_connections', 0)
  assert.equal(await relay.metric('postern_pending_offers'), 0)
  await expectHoldings(context, programs, before)
})
