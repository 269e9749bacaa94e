// The TCP service behind the tunnels. usage: node echo-target.ts PORT...
// Each port says a letter first, so that a client knows by which listener it came: A for the first one.
import { createServer, type Socket } from 'node:net'
import { PayloadReader } from './payload.ts'

/** Sent to the test when a stream arrived wrong, or short of its length with a regular end (FIN). */
export interface TargetReport {
  readonly kind: 'target'
  readonly problem: 'wrong' | 'short'
  readonly door: string
  readonly id: number | undefined
  readonly received: number
  readonly promised: number | undefined
  readonly openedAtMs: number
  readonly endedAtMs: number
}

const ports = process.argv.slice(2).map(Number)
let listening = 0

for (const [index, port] of ports.entries()) {
  const door = String.fromCharCode(65 + index)
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => echo(socket, door)).listen(port, '127.0.0.1', () => {
    listening += 1
    if (listening === ports.length) console.log('ready')
  })
}

function echo(socket: Socket, door: string): void {
  const openedAtMs = Date.now()
  const reader = new PayloadReader()
  const report = (problem: TargetReport['problem']): void => {
    const { id, received, length: promised } = reader
    const times = { openedAtMs, endedAtMs: Date.now() }
    process.send?.({ kind: 'target', problem, door, id, received, promised, ...times } satisfies TargetReport)
  }
  socket.write(door)
  socket.on('data', (chunk) => {
    const wasWrong = reader.isWrong
    reader.push(chunk)
    if (reader.isWrong && !wasWrong) report('wrong')
    if (!socket.write(chunk)) socket.pause()
  })
  socket.on('drain', () => socket.resume())
  socket.on('end', () => {
    if (!reader.isWhole) report('short')
    // Passed on as it came: whether the client takes it for an end too is what the test wants to know.
    socket.end()
  })
  socket.on('error', () => {})
}
