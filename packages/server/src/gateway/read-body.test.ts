import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readBody } from './read-body.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function reachableBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a body that comes byte by byte and does not end costs no hundreds of bytes for each', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const [request] = (await once(server, 'request')) as [IncomingMessage]
  const bytes = 60_000
  const before = reachableBytes()
  const reading = readBody(request, { maxBytes: 65_536, timeoutMs: 20_000 })
  let seen = 0
  const all = Promise.withResolvers<void>()
  request.on('data', (chunk: Buffer) => {
    seen += chunk.length
    if (seen === bytes) all.resolve()
  })
  socket.write('1\r\nx\r\n'.repeat(bytes))
  await all.promise
  assert.ok(reachableBytes() - before < 40 * bytes, `${reachableBytes() - before} bytes are held for ${bytes}`)
  socket.write('0\r\n\r\n')
  assert.deepEqual(await reading, Buffer.alloc(bytes, 'x'))
})
