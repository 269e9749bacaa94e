import { RelayError } from '@postern/protocol'
import type { RelayLocation } from './relay-options.ts'

/**
 * Checks an address that the relay has sent before it is opened. Its host may differ from ours (a relay of many nodes
 * names the one that holds the sender), but it never leads from TLS to plain TCP.
 *
 * @throws {RelayError} ProtocolViolation when it is no WebSocket address, or an unprotected one on a protected channel.
 */
export function checkRendezvousAddress(address: string, relay: RelayLocation): string {
  const scheme = /^(wss?):\/\/[^/]/i.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined || !address.includes('?')) {
    throw new RelayError('ProtocolViolation', {
      message: 'The relay has sent a rendezvous address that cannot be read',
    })
  }
  if (scheme === 'ws' && relay.tls !== false) {
    throw new RelayError('ProtocolViolation', {
      message: 'The relay has sent a rendezvous address without TLS on a control channel with TLS',
    })
  }
  return address
}
