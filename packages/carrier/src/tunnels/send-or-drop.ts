import type { Socket } from 'node:dgram'

/** What may wait in a UDP socket: a peer that sends faster than our network takes it shall not fill our memory. */
const maxQueuedBytes = 1_048_576

/** Sends a datagram, to the socket's only target or to `to`; drops it while too many wait, as any network would. */
export function sendOrDrop(
  socket: Socket,
  datagram: Uint8Array,
  to?: { readonly address: string; readonly port: number },
): void {
  if (socket.getSendQueueSize() > maxQueuedBytes) return
  if (to) socket.send(datagram, to.port, to.address, ignore)
  else socket.send(datagram, ignore)
}

/** Such as ICMP errors about a target that is away. */
function ignore(): void {}
