import type { Carrier, CarrierHandler } from './carrier.ts'
import { confirmSoonMs } from './carrier-limits.ts'
import { CarrierError } from './codec/carrier-error.ts'

/** The subprotocol that makes a relayed connection a carrier. */
export const carrierProtocol = 'postern.carrier.v1'

/** What a listener that cannot carry may answer instead: the connection holds the bytes of one stream. */
export const plainProtocol = 'postern.plain'

/** What a sender offers. Official listeners repeat the first, whatever it is: that has to be the plain one. */
export const offeredProtocols: readonly string[] = [plainProtocol, carrierProtocol]

/** Hears a connection. RelayedConnectionHandler of `@postern/client` is one. */
export interface CarrierConnectionHandler {
  onData(chunk: Uint8Array): void
  onEof(): void
  onDrain(): void
  onClosed(error: Error | undefined): void
}

/** A byte pipe on which both ends have agreed on {@link carrierProtocol}: RelayedConnection of `@postern/client` is one. */
export interface CarrierConnection {
  /** Lends memory of at least `minSendBufferBytes`: each time it is given back by `sendLent`. */
  lend(): Uint8Array
  /** Sends the first `length` bytes of what was lent, which may be none. @returns false when they wait: `onDrain` follows */
  sendLent(lent: Uint8Array, length: number): boolean
  open(handler: CarrierConnectionHandler): void
  end(): void
  fail(code: number, reason: string): void
  abort(): void
}

/** What the runner needs of either session. */
export interface RunnableSession {
  readonly streamCount: number
  addCarrier(handler: CarrierHandler, nowMs: number): Carrier
  loseCarrier(carrier: Carrier, nowMs: number): void
  tick(nowMs: number): void
}

export interface CarrierRunnerOptions {
  readonly session: RunnableSession
  /** A carrier has ended: by which violation, or undefined when the connection did. */
  readonly onCarrierLost?: (carrier: Carrier, error: CarrierError | undefined) => void
  /** Both ends have said hello: streams may be put on it. */
  readonly onCarrierReady?: () => void
  /** No stream is opened on it any more, and it will be closed. */
  readonly onCarrierDraining?: (carrier: Carrier) => void
  /** Called about once a second, after the session has looked at the clock. */
  readonly onTick?: (nowMs: number) => void
  /** A clock that never goes back. Default: `performance.now`. */
  readonly now?: () => number
}

/** RFC 6455 section 7.4.1: protocol error. */
const protocolErrorCode = 1002

const tickIntervalMs = 1000

/** How long the peer may take to end its direction too. */
const closeTimeoutMs = 5000

/** Runs the carriers of one session on connections, with the clock that the session does not have. */
export class CarrierRunner implements Disposable {
  readonly #session: RunnableSession
  readonly #onCarrierLost: CarrierRunnerOptions['onCarrierLost']
  readonly #onCarrierReady: CarrierRunnerOptions['onCarrierReady']
  readonly #onCarrierDraining: CarrierRunnerOptions['onCarrierDraining']
  readonly #onTick: CarrierRunnerOptions['onTick']
  readonly #now: () => number
  readonly #running = new Map<Carrier, RunningCarrier>()
  #carriers: readonly Carrier[] = []
  readonly #timer: NodeJS.Timeout

  constructor(options: CarrierRunnerOptions) {
    const { session, onTick, now = () => performance.now() } = options
    this.#session = session
    this.#onCarrierLost = options.onCarrierLost
    this.#onCarrierReady = options.onCarrierReady
    this.#onCarrierDraining = options.onCarrierDraining
    this.#onTick = onTick
    this.#now = now
    this.#timer = setInterval(() => this.#tick(), tickIntervalMs)
    this.#timer.unref()
  }

  /** Carriers that are there. */
  get carriers(): readonly Carrier[] {
    return this.#carriers
  }

  /** Begins to read from a connection, which is the carrier's from now on. */
  add(connection: CarrierConnection): Carrier {
    const running = new RunningCarrier({
      connection,
      session: this.#session,
      now: this.#now,
      onLost: (carrier, error) => {
        this.#running.delete(carrier)
        this.#carriers = [...this.#running.keys()]
        this.#onCarrierLost?.(carrier, error)
      },
      onReady: () => this.#onCarrierReady?.(),
      onDraining: (carrier) => this.#onCarrierDraining?.(carrier),
    })
    this.#running.set(running.carrier, running)
    this.#carriers = [...this.#running.keys()]
    running.start()
    return running.carrier
  }

  /** Ends every carrier; what streams there still are have none. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const running of this.#running.values()) running.close()
  }

  #tick(): void {
    const nowMs = this.#now()
    this.#session.tick(nowMs)
    for (const running of this.#running.values()) running.tick()
    this.#onTick?.(nowMs)
  }
}

interface RunningCarrierOptions {
  readonly connection: CarrierConnection
  readonly session: RunnableSession
  readonly now: () => number
  readonly onLost: (carrier: Carrier, error: CarrierError | undefined) => void
  readonly onReady: () => void
  readonly onDraining: (carrier: Carrier) => void
}

/** One carrier and its connection. */
class RunningCarrier implements CarrierConnectionHandler, CarrierHandler {
  readonly carrier: Carrier
  readonly #options: RunningCarrierOptions
  /** Made once. */
  readonly #send = (): void => this.#sendAll()
  readonly #sendNextTurn = (): void => void setImmediate(this.#send)
  #isBlocked = false
  #isLost = false
  #closeTimer: NodeJS.Timeout | undefined
  #soonTimer: NodeJS.Timeout | undefined

  constructor(options: RunningCarrierOptions) {
    this.#options = options
    this.carrier = options.session.addCarrier(this, options.now())
  }

  start(): void {
    this.#options.connection.open(this)
    this.#sendAll()
  }

  close(): void {
    if (this.#isLost) return
    this.#sendAll()
    this.#options.connection.end()
    this.#lose(undefined)
  }

  tick(): void {
    try {
      this.carrier.tick(this.#options.now())
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** What all sockets bring in one turn of the loop leaves together: each send is a frame, a TLS record and a system call. */
  onWork(patience?: 'patient'): void {
    setImmediate(patience === 'patient' ? this.#sendNextTurn : this.#send)
  }

  onWorkSoon(): void {
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = undefined
      this.carrier.settle()
    }, confirmSoonMs)
  }

  onReady(): void {
    this.#options.onReady()
  }

  onDraining(): void {
    this.#options.onDraining(this.carrier)
  }

  onEmpty(): void {
    // The last frame of the last stream is still to be written.
    queueMicrotask(() => this.close())
  }

  onData(chunk: Uint8Array): void {
    try {
      this.carrier.receive(chunk, this.#options.now())
    } catch (error) {
      this.#refuse(error)
    }
  }

  onEof(): void {
    this.close()
  }

  onDrain(): void {
    this.#isBlocked = false
    this.#sendAll()
  }

  onClosed(): void {
    this.#lose(undefined)
    clearTimeout(this.#closeTimer)
  }

  #sendAll(): void {
    const { connection, now } = this.#options
    while (!this.#isBlocked && !this.#isLost) {
      const buffer = connection.lend()
      const bytes = this.carrier.writeTo(buffer, now())
      const isTaken = connection.sendLent(buffer, bytes)
      if (bytes === 0) return
      this.#isBlocked = !isTaken
    }
  }

  /** The peer broke the protocol; anything else is a fault of ours, and ends the connection as such. */
  #refuse(error: unknown): void {
    const isViolation = error instanceof CarrierError
    this.#options.connection.fail(
      isViolation ? protocolErrorCode : 1011,
      isViolation ? error.message : 'Internal error',
    )
    this.#lose(isViolation ? error : undefined)
    if (!isViolation) throw error
  }

  #lose(error: CarrierError | undefined): void {
    if (this.#isLost) return
    this.#isLost = true
    clearTimeout(this.#soonTimer)
    this.#closeTimer = setTimeout(() => this.#options.connection.abort(), closeTimeoutMs)
    this.#closeTimer.unref()
    // Who owns the carrier hears it first: losing it may ask for another one at once.
    this.#options.onLost(this.carrier, error)
    this.#options.session.loseCarrier(this.carrier, this.#options.now())
  }
}
