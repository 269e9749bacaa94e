// An application's way to a hybrid connection: every connection to a Unix socket becomes one of its own. Sockets that have a
// path are reached from other network namespaces, so a test outside sees what an application inside would see.
// usage: node app-door.ts SOCKET [SOCKET HOST PORT], with POSTERN_CONNECTION_STRING for the first; the second one leads to a
// TCP service.
import { connect, createServer, type Socket } from 'node:net'
import { Sender } from '@postern/client'

const [path = '', tcpPath, host = '', port = ''] = process.argv.slice(2)
const sender = new Sender({ connectionString: process.env['POSTERN_CONNECTION_STRING'] ?? '' })
/** Who asks in vain asks again: the test does so all the time. */
const patienceMs = 10_000

const doors = [createServer({ allowHalfOpen: true }, (socket) => void lead(socket)).listen(path)]
if (tcpPath !== undefined) doors.push(createServer({ allowHalfOpen: true }, leadToTcp).listen(tcpPath))
let closed = doors.length
for (const door of doors) {
  door.once('listening', () => {
    closed -= 1
    if (closed === 0) console.log('ready')
  })
}

function leadToTcp(socket: Socket): void {
  const service = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
  for (const [one, other] of [
    [socket, service],
    [service, socket],
  ] as const) {
    one.on('error', () => other.destroy())
    one.pipe(other)
  }
}

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
