import { randomUUID } from 'node:crypto'
import { Sender } from '@postern/client'
import { broken, type Check, type Finding, fine, hopTable, notChecked } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { findingOf, type RelayAccess, refusedByRight } from './relay-access.ts'

/** Settings of {@link senderChecks}. */
export interface SenderChecksOptions {
  /** Asks the far end for a stream and ends it, so that the service there sees a connection; says what that proves. */
  readonly open: (signal: AbortSignal) => Promise<string>
}

const openDeadlineMs = 6_000

/**
 * Whether the key may send, whether a listener is there, and whether a stream reaches it. The first two are told by one
 * question that no listener hears of: for one that does not exist.
 */
export function senderChecks(access: RelayAccess, { open }: SenderChecksOptions): readonly Check[] {
  let listener: Finding = notChecked('not known')
  return [
    {
      hop: 'right',
      needs: ['token', 'entity'],
      run: async (signal) => {
        const { right, ...found } = await askForNobody(access, signal)
        listener = found.listener
        return right
      },
    },
    { hop: 'listener', needs: ['right'], run: () => listener },
    {
      hop: 'rendezvous',
      needs: ['listener'],
      deadlineMs: openDeadlineMs,
      run: async (signal) => {
        try {
          return fine(await open(signal))
        } catch (error) {
          if (isRelayError(error, 'ListenerRejected')) {
            return broken(
              `the listener was met, and refused: ${error.message}`,
              'The far end says why: its service does not answer, or its site does not allow it. Run doctor there.',
            )
          }
          return findingOf(error, hopTable.rendezvous.fix)
        }
      },
    },
  ]
}

async function askForNobody(
  { options }: RelayAccess,
  signal: AbortSignal,
): Promise<{ readonly right: Finding; readonly listener: Finding }> {
  const headers = { 'Microsoft-Relay-AllowedListeners': randomUUID() }
  try {
    const stream = await new Sender(options).connect({ headers, signal, timeoutMs: openDeadlineMs })
    stream.on('error', () => {}).destroy()
    return { right: fine('Send'), listener: fine('a listener answered') }
  } catch (error) {
    if (!isRelayError(error)) throw error
    if (error.code === 'NoListenerMatches') return { right: fine('Send'), listener: fine('a listener is connected') }
    if (error.code === 'NoListenersConnected') {
      return { right: fine('Send'), listener: broken('no listener is connected', hopTable.listener.fix) }
    }
    if (refusedByRight.has(error.code)) {
      const right = broken(error.message, 'Use a rule with the right Send, or give it to this one.')
      return { right, listener: notChecked('not known') }
    }
    const met = error.code === 'ListenerRejected' ? fine('a listener answered') : notChecked('not known')
    return {
      right: error.code === 'ListenerRejected' ? fine('Send') : findingOf(error, hopTable.right.fix),
      listener: met,
    }
  }
}
