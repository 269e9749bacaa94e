// An application's way to a hybrid connection: every connection to a Unix socket becomes one of its own. Sockets that have a
// path are reached from other network namespaces, so a test outside sees what an application inside would see.
// usage: node app-door.ts SOCKET, with POSTERN_CONNECTION_STRING
import { createServer, type Socket } from 'node:net'
import { Sender } from '@postern/client'

const [path = ''] = process.argv.slice(2)
const sender = new Sender({ connectionString: process.env['POSTERN_CONNECTION_STRING'] ?? '' })
/** Who asks in vain asks again: the test does so all the time. */
const patienceMs = 10_000

createServer({ allowHalfOpen: true }, (socket) => void lead(socket)).listen(path, () => console.log('ready'))

async function lead(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(patienceMs)])
  try {
    const stream = await sender.connect({ signal })
    stream.on('error', () => socket.destroy())
    socket.once('close', () => stream.destroy())
    socket.pipe(stream).pipe(socket)
  } catch {
    socket.destroy()
  }
}
