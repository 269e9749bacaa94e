// One TCP hop in Node and nothing else: what no relay in Node can be cheaper than. node-hop.mjs LISTEN-PORT NEXT-PORT [THREADS]
// With threads each of them listens at the same port (SO_REUSEPORT), and the system shares connections out.
import { connect, createServer } from 'node:net'
import { isMainThread, Worker } from 'node:worker_threads'

const [listenPort, nextPort, threads = 1] = process.argv.slice(2).map(Number)
const ends = { allowHalfOpen: true, noDelay: true }

createServer(ends, (client) => {
  const next = connect({ host: '127.0.0.1', port: nextPort, ...ends })
  pump(client, next)
  pump(next, client)
}).listen({ host: '127.0.0.1', port: listenPort, backlog: 511, reusePort: threads > 1 })

for (let more = 1; isMainThread && more < threads; more += 1)
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })

function pump(from, to) {
  from.on('data', (bytes) => {
    if (!to.write(bytes)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
}
