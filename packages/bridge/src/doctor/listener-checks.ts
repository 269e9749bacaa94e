import { once } from 'node:events'
import { type RelayedStream, Sender } from '@postern/client'
import { broken, type Check, type Finding, fine, hopTable, notChecked } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { ProbeListener, probeHeader } from './probe-listener.ts'
import { findingOf, type RelayAccess, refusedByRight } from './relay-access.ts'

/** The listener of a program that runs, in place of one for the check alone. */
export interface LiveListener {
  readonly id: string
  /** Since when it has been there, for people. */
  readonly since: string
}

/** Checks that hold something open. */
export interface ListenerChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Long enough for two pings, short enough for people. */
const holdMs = 1_000
const openDeadlineMs = 6_000

/** Azure Relay knows it too (observed: its own tests). */
const allowedListenersHeader = 'Microsoft-Relay-AllowedListeners'

/** Whether a control channel opens and stays, and whether a stream meets its listener. */
export function listenerChecks(access: RelayAccess, live: LiveListener | undefined): ListenerChecks {
  const probe = live ? undefined : new ProbeListener(access)
  const checks: readonly Check[] = [
    {
      hop: 'right',
      needs: ['token', 'entity'],
      deadlineMs: openDeadlineMs,
      run: async (signal) => {
        const error = await probe?.open(signal)
        if (!error) return fine('Listen')
        if (refusedByRight.has(error.code)) {
          return broken(error.message, 'Use a rule with the right Listen, or give it to this one.')
        }
        return notChecked('not known, as the control channel did not open')
      },
    },
    {
      hop: 'control-channel',
      needs: ['right'],
      run: async (signal) => {
        if (live) return fine(`open since ${live.since}`)
        const error = await probe?.hold(holdMs, signal)
        if (error) return findingOf(error, hopTable['control-channel'].fix)
        return fine(`opened, and stayed for ${holdMs / 1000} s with answered pings`)
      },
    },
    {
      hop: 'rendezvous',
      needs: ['control-channel'],
      deadlineMs: openDeadlineMs,
      run: (signal) => (probe ? echoAt(access, probe, signal) : meet(access, live?.id ?? '', signal)),
    },
  ]
  return { checks, [Symbol.asyncDispose]: async () => probe?.close() }
}

/** Sends a word to the check's own listener, and waits for it to come back. */
async function echoAt(access: RelayAccess, probe: ProbeListener, signal: AbortSignal): Promise<Finding> {
  const headers = { [allowedListenersHeader]: probe.id, [probeHeader]: probe.word }
  const met = withStream(access, { headers, signal }, async (stream) => {
    const sentAtMs = performance.now()
    stream.write(probe.word)
    await once(stream, 'data', { signal })
    const ms = Math.round(performance.now() - sentAtMs)
    return fine(`a stream through the relay and back: ${ms} ms for a round trip`)
  })
  // The sender would hear of it when the relay is tired of waiting, half a minute later.
  const missed = probe.missed.then((error) => {
    const reason = error instanceof Error ? error.message : String(error)
    return broken(
      `the listener was called and could not open its rendezvous: ${reason}`,
      'Something on the way lets control channels through but not the second connection: it goes to the same host and port, with sb-hc-action=accept.',
    )
  })
  return Promise.race([met, missed])
}

/** Asks for a stream of a listener that serves; it may refuse for reasons of its own, but is met. */
async function meet(access: RelayAccess, id: string, signal: AbortSignal): Promise<Finding> {
  return withStream(access, { headers: { [allowedListenersHeader]: id }, signal }, () =>
    fine('the listener took a stream'),
  )
}

async function withStream(
  { options }: RelayAccess,
  { headers, signal }: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  use: (stream: RelayedStream) => Finding | Promise<Finding>,
): Promise<Finding> {
  try {
    const stream = await new Sender(options).connect({ headers, signal, timeoutMs: openDeadlineMs })
    stream.on('error', () => {})
    try {
      return await use(stream)
    } finally {
      stream.destroy()
    }
  } catch (error) {
    if (!isRelayError(error)) throw error
    if (refusedByRight.has(error.code))
      return notChecked('not checked, as this key has no right Send: a sender would show it')
    if (error.code === 'ListenerRejected') return fine(`the listener was met, and refused (${error.message})`)
    return findingOf(error, hopTable.rendezvous.fix)
  }
}
