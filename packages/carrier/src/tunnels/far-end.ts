import { RelayError } from '@postern/protocol'
import { CarrierPool } from '../carrier-pool.ts'
import type { Framing } from './framing.ts'
import { ListenerRefusal } from './listener-refusal.ts'
import { openStream, settled } from './open-stream.ts'
import { portNameHeader, UnknownPortName } from './port-name-refusal.ts'
import type { Preamble } from './preamble.ts'
import type { DialedConnection, RelayDialer } from './relay-dialer.ts'
import { requestTarget } from './request-target.ts'
import { aloneForMs, type SenderCarriers } from './sender-carriers.ts'
import { readTargetAway } from './target-away.ts'
import type { TunnelConnection } from './tunnel-connection.ts'

/** Listeners that are asked for one port name before we give up; those that say who they are only once each. */
const maxListenersAsked = 8

const retryAfterMs = 1_000

/** What {@link FarEnd} works with. */
export interface FarEndOptions {
  readonly sender: RelayDialer
  /** Shared with others who use the same credential; without them every tunnel has a relayed connection of its own. */
  readonly carriers?: SenderCarriers | undefined
  readonly framing: Framing
  /** What streams of carriers ask for, as `host:port`. Default: the port name, or the only target with framing `raw`. */
  readonly target?: string | undefined
  /** Tries for one connection, a second apart, while the relay or its listeners are away. Default 1. */
  readonly attempts?: number | undefined
}

/** One connection that is wanted where its target was reached before. */
export interface HurriedRequest extends Preamble {
  /** What a stream asks for in place of what the FarEnd was made for. */
  readonly target?: string
  /** Address of the program that wants it, for the log of the far end. */
  readonly client?: string | undefined
  /** The far end is there. `first` came with its answer; open the connection again within this call. */
  onOpened(connection: TunnelConnection, first: Uint8Array): void
  /** It was opened in the hope that the target is there as before, and it is not. */
  onDisappointed?(error: RelayError): void
}

/** One connection that is wanted. */
export interface FarEndRequest extends HurriedRequest {
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal
  /** False to have nothing opened before the target is known to be there. Default true. */
  readonly mayHurry?: boolean
}

const nothing = new Uint8Array(0)

/** Bare bytes know no datagrams: a service would take their lengths for what it is asked. */
const udpNeedsCarriers = 'UDP needs a listener of ours with carriers, or framing "azbridge" at both ends'

/**
 * Opens tunnels to the target behind a port name, whichever listener has it: streams in carriers where the listener can,
 * else relayed connections.
 */
export class FarEnd {
  readonly #options: FarEndOptions
  #aloneUntilMs = 0

  constructor(options: FarEndOptions) {
    this.#options = options
  }

  /** What streams ask for unless they say otherwise. */
  get target(): string | undefined {
    return this.#options.target
  }

  /** True when {@link FarEnd.openAtOnce} would open it now. */
  mayOpenAtOnce(request: HurriedRequest): boolean {
    return this.#findProven(this.#targetOf(request)) !== undefined
  }

  /**
   * Opens a connection within the call when its target was reached before: what comes for it waits at the far end until it is there again.
   * Most connections are such ones: they cost no promise, no signal and no timer.
   *
   * @returns false when it is not known to be there: `open` looks for it
   * @throws {RelayError} ServerBusy when there are as many streams as there may be.
   */
  openAtOnce(request: HurriedRequest): boolean {
    const { carriers } = this.#options
    const target = this.#targetOf(request)
    const pool = this.#findProven(target)
    if (!pool) return false
    const connection = openStream(pool, { target, kind: kindOf(request), client: request.client })
    connection.onceSettled((error) => {
      if (!error) carriers?.prove(target, pool)
      else if (!connection.isCut) request.onDisappointed?.(this.#disprove(target, pool, error))
    })
    request.onOpened(connection, nothing)
    return true
  }

  /**
   * Resolves when `onOpened` was called.
   *
   * @throws {RelayError} when no listener leads there; the signal's reason when it was aborted.
   */
  async open(request: FarEndRequest): Promise<void> {
    const { mayHurry = true } = request
    if (mayHurry && this.openAtOnce(request)) return
    await this.#search(request, this.#targetOf(request))
  }

  #findProven(target: string): CarrierPool | undefined {
    const { attempts = 1, carriers } = this.#options
    return attempts === 1 ? carriers?.findProven(target) : undefined
  }

  #targetOf(request: HurriedRequest): string {
    const { target, framing } = this.#options
    return request.target ?? target ?? (framing === 'raw' ? '' : request.portName)
  }

  async #search(request: FarEndRequest, target: string): Promise<void> {
    const { signal } = request
    const { attempts = 1 } = this.#options
    const refused = new Set<string>()
    let refusal: ListenerRefusal | undefined
    let failures = 0
    for (let asked = 0; asked < maxListenersAsked; ) {
      try {
        await this.#ask(request, target, refused)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof ListenerRefusal) {
          refusal = error
          asked += 1
          const { listenerId } = error
          // A relay that does not heed our wish sends us there for ever.
          if (listenerId !== undefined && refused.has(listenerId)) break
          if (listenerId !== undefined) refused.add(listenerId)
          if (error.isTemporary && !this.#mayHaveOthers) break
          continue
        }
        // No listener is left that was not asked.
        if (refused.size > 0 && error instanceof RelayError && error.httpStatus === 404) {
          this.#noteAlone()
          break
        }
        failures += 1
        if (failures >= attempts || !(error instanceof RelayError) || !error.isTransient) throw error
        await pause(retryAfterMs, signal)
      }
    }
    throw refusal ?? new RelayError('TargetUnreachable')
  }

  /** False while it is known that no other listener is there: those with the same credential learn it from each other. */
  get #mayHaveOthers(): boolean {
    return this.#options.carriers?.mayHaveOthers ?? performance.now() >= this.#aloneUntilMs
  }

  #noteAlone(): void {
    this.#aloneUntilMs = performance.now() + aloneForMs
    this.#options.carriers?.noteAlone()
  }

  async #ask(request: FarEndRequest, target: string, refused: ReadonlySet<string>): Promise<void> {
    const { carriers } = this.#options
    const { signal, client } = request
    const headers = this.#headersOf(request, refused)
    const reached = await this.#readingRefusals(
      request,
      carriers?.reach({ target, refused, headers, signal, client }) ?? Promise.resolve(undefined),
    )
    if (reached instanceof CarrierPool) return await this.#openStream(request, target, reached)
    if (request.mode === 'datagram' && this.#options.framing === 'raw') {
      reached?.abort()
      throw new RelayError('TargetUnreachable', { message: udpNeedsCarriers })
    }
    await this.#openPlain(request, reached ?? (await this.#dialPlain(request, headers)))
  }

  /** A listener that rejects us may have said that another one is of more use. */
  async #readingRefusals<T>({ portName }: FarEndRequest, dialing: Promise<T>): Promise<T> {
    try {
      return await dialing
    } catch (error) {
      if (!(error instanceof RelayError)) throw error
      throw UnknownPortName.read(error, portName) ?? readTargetAway(error) ?? error
    }
  }

  #headersOf({ portName }: FarEndRequest, refused: ReadonlySet<string>): Record<string, string> {
    const headers: Record<string, string> = {}
    if (this.#options.framing === 'azbridge') headers[portNameHeader] = encodeURIComponent(portName)
    if (refused.size > 0) headers['Microsoft-Relay-DisallowedListeners'] = [...refused].join(',')
    return headers
  }

  async #openStream(request: FarEndRequest, target: string, pool: CarrierPool): Promise<void> {
    const { client, signal } = request
    const connection = openStream(pool, { target, kind: kindOf(request), client })
    try {
      await settled(connection, signal)
    } catch (error) {
      throw signal.aborted ? error : this.#disprove(target, pool, error as RelayError)
    }
    this.#options.carriers?.prove(target, pool)
    request.onOpened(connection, nothing)
  }

  /** Notes that a target is not where it was, and says what that means for whoever may ask another listener. */
  #disprove(target: string, pool: CarrierPool, error: RelayError): RelayError {
    this.#options.carriers?.disprove(target, pool)
    // Nobody is there to be excluded: any other may be asked, and if there is none, that is the reason.
    const listenerId = pool.isReachable ? pool.listenerId : undefined
    return UnknownPortName.read(error, target) ?? ListenerRefusal.of(error, listenerId) ?? error
  }

  #dialPlain(request: FarEndRequest, headers: Record<string, string>): Promise<DialedConnection> {
    const { signal, client } = request
    return this.#readingRefusals(request, this.#options.sender.connectRaw({ signal, headers, client }))
  }

  async #openPlain(request: FarEndRequest, connection: DialedConnection): Promise<void> {
    const { signal, portName, mode } = request
    if (signal.aborted) {
      connection.abort()
      throw signal.reason
    }
    if (this.#options.framing === 'raw') {
      request.onOpened(connection, nothing)
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

function kindOf({ mode }: HurriedRequest): 'tcp' | 'udp' {
  return mode === 'datagram' ? 'udp' : 'tcp'
}

/** Rejects as soon as the signal is aborted. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
