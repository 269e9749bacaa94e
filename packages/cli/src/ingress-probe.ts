import { randomUUID } from 'node:crypto'
import {
  createOpenSocket,
  networkReason,
  type RelayOptions,
  readEntity,
  relayRouteOf,
  type Sender,
} from '@postern/client'
import { isRelayError, RelayError } from '@postern/protocol'
import type { IngressProcessOptions } from '@postern/server'

export interface IngressProbeOptions {
  /** Of any hybrid connection of the relay. */
  readonly relay: RelayOptions
  readonly senderOf: (hybridConnection: string) => Sender
}

/** Looks at a relay as `postern ingress` uses it. */
export function createIngressProbe({ relay, senderOf }: IngressProbeOptions): IngressProcessOptions['probe'] {
  const { host, port, tls, tokenProvider } = relayRouteOf(relay)
  const openSocket = createOpenSocket({ tls, proxy: relay.proxy })
  return {
    // TLS and no more: what is asked for is a line in the relay's log.
    reach: async (signal) => {
      try {
        const socket = await openSocket({ host, port, secure: tls !== false, signal })
        socket.on('error', () => {}).destroy()
      } catch (cause) {
        if (isRelayError(cause)) throw cause
        const { reason, help } = networkReason(cause)
        const message = `${host}:${port}: ${reason}`
        throw new RelayError('ConnectionFailed', { message, cause, ...(help !== undefined && { help }) })
      }
    },
    ask: async (path, { signal, isDoubted }) => {
      if (isDoubted) await askForNobody(senderOf(path), signal)
      else await readEntity({ host, port, path, tls, tokenProvider, openSocket }, signal)
    },
  }
}

/** A listener of this name is nowhere: the relay looks at the right to send, and no listener hears of it. */
async function askForNobody(sender: Sender, signal: AbortSignal): Promise<void> {
  const headers = { 'Microsoft-Relay-AllowedListeners': randomUUID() }
  try {
    const connection = await sender.connectRaw({ headers, signal })
    connection.abort()
  } catch (error) {
    if (isRelayError(error) && letIn.has(error.code)) return
    throw error
  }
}

/** What a relay says to whoever may send. */
const letIn: ReadonlySet<RelayError['code']> = new Set<RelayError['code']>([
  'NoListenerMatches',
  'NoListenersConnected',
  'ListenerLost',
  'ListenerRejected',
  'AcceptTimeout',
  'QuotaExceeded',
  'TooManyPendingOffers',
])
