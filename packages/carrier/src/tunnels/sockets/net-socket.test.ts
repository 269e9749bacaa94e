import { connect, type Server, type Socket } from 'node:net'
import { NetSocket } from './net-socket.ts'
import { tunnelSocketContract } from './tunnel-socket.contract.ts'

tunnelSocketContract({
  name: 'NetSocket',
  dial: (host, port) => new NetSocket(connect({ host, port, allowHalfOpen: true })),
  accept: (server: Server, onSocket) =>
    void server.on('connection', (socket: Socket) => onSocket(new NetSocket(socket))),
})
