import assert from 'node:assert/strict'
import { acceptSockets } from './accept-sockets.ts'
import { dialTcp } from './dial-tcp.ts'
import { HandleSocket } from './handle-socket.ts'
import { tunnelSocketContract } from './tunnel-socket.contract.ts'

tunnelSocketContract({
  name: 'HandleSocket',
  dial: (host, port) => {
    const socket = dialTcp({ host, port })
    assert.ok(socket instanceof HandleSocket, 'the handles of this Node are known')
    return socket
  },
  accept: (server, onSocket) =>
    acceptSockets(server, {
      onSocket: (socket) => {
        assert.ok(socket instanceof HandleSocket, 'the handles of this Node are known')
        onSocket(socket)
      },
    }),
})
