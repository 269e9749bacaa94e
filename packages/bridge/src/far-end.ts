import { setTimeout as delay } from 'node:timers/promises'
import type { RelayedConnection, Sender } from '@postern/client'
import { RelayError } from '@postern/protocol'
import type { Framing } from './forwarder.ts'
import { portNameHeader, UnknownPortName } from './port-name-refusal.ts'
import type { Preamble } from './preamble.ts'
import { requestTarget } from './request-target.ts'

/** Listeners that are asked for one port name before we give up; those that say who they are only once each. */
const maxListenersAsked = 8

const retryAfterMs = 1_000

/** What {@link FarEnd} works with. */
export interface FarEndOptions {
  readonly sender: Sender
  readonly framing: Framing
  /** Tries for one connection, a second apart, while the relay or its listeners are away. */
  readonly attempts: number
}

/** One connection that is wanted. */
export interface FarEndRequest extends Preamble {
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal
  /** The far end is there. `first` came with its answer; open the connection again within this call. */
  onOpened(connection: RelayedConnection, first: Uint8Array): void
}

/** Opens relayed connections to the target behind a port name, whichever listener has it. */
export class FarEnd {
  readonly #options: FarEndOptions

  constructor(options: FarEndOptions) {
    this.#options = options
  }

  /**
   * Resolves when `onOpened` was called.
   *
   * @throws {RelayError} when no listener leads there; the signal's reason when it was aborted.
   */
  async open(request: FarEndRequest): Promise<void> {
    const { signal } = request
    const refused = new Set<string>()
    let lacking: UnknownPortName | undefined
    let failures = 0
    for (let asked = 0; asked < maxListenersAsked; ) {
      try {
        await this.#ask(request, refused)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof UnknownPortName) {
          lacking = error
          asked += 1
          // A relay that does not heed our wish sends us there for ever.
          if (error.listenerId !== undefined && refused.has(error.listenerId)) break
          if (error.listenerId !== undefined) refused.add(error.listenerId)
          continue
        }
        // No listener is left that was not asked.
        if (refused.size > 0 && error instanceof RelayError && error.httpStatus === 404) break
        failures += 1
        if (failures >= this.#options.attempts || !(error instanceof RelayError) || !error.isTransient) throw error
        await delay(retryAfterMs, undefined, { signal })
      }
    }
    throw lacking ?? new RelayError('TargetUnreachable')
  }

  async #ask(request: FarEndRequest, refused: ReadonlySet<string>): Promise<void> {
    const { sender, framing } = this.#options
    const { signal, portName, mode } = request
    const headers: Record<string, string> = {}
    if (framing === 'azbridge') headers[portNameHeader] = encodeURIComponent(portName)
    if (refused.size > 0) headers['Microsoft-Relay-DisallowedListeners'] = [...refused].join(',')
    let connection: RelayedConnection
    try {
      connection = await sender.connectRaw({ signal, headers })
    } catch (error) {
      throw (error instanceof RelayError && UnknownPortName.read(error, portName)) || error
    }
    if (signal.aborted) {
      connection.abort()
      throw signal.reason
    }
    if (framing === 'raw') {
      request.onOpened(connection, new Uint8Array(0))
      return
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => connection.abort()
      signal.addEventListener('abort', abort)
      requestTarget(
        connection,
        { mode, portName },
        {
          onAccepted: (first) => {
            signal.removeEventListener('abort', abort)
            request.onOpened(connection, first)
            resolve()
          },
          onRefused: (error) => {
            signal.removeEventListener('abort', abort)
            reject(error)
          },
        },
      )
    })
  }
}
