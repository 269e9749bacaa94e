import { RelayError } from '@postern/protocol'

/** What became of the wish for a new process. */
export interface Renewal {
  readonly State: 'asked' | 'failed'
  readonly Reason?: string
}

/** What a {@link HandOver} does to the service that it stands for. */
export interface HandOverParts {
  /** Lets nothing change any more: the successor reads the state. */
  readonly pause: () => void
  /** Goes on as before. */
  readonly resume: () => void
}

/** The side of the process that goes: it serves on until another one serves as well, and is told to end then. */
export class HandOver implements Disposable {
  readonly #parts: HandOverParts
  readonly #retired = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #renewal: Renewal | undefined

  constructor(parts: HandOverParts) {
    this.#parts = parts
  }

  /** Resolves when another process has taken over. */
  get retired(): Promise<void> {
    return this.#retired.promise
  }

  /** How it went since a new process was asked for; absent before. */
  get renewal(): Renewal | undefined {
    return this.#renewal
  }

  /**
   * Asks the program that keeps this one going (`hcm-service`) for a process of the version that is current now.
   *
   * @throws {RelayError} InvalidConfiguration when nobody keeps it going.
   */
  renew(): void {
    if (process.env['POSTERN_HCM_KEEPER'] !== String(process.ppid)) {
      throw new RelayError('InvalidConfiguration', {
        message:
          'The service was not started by hcm-service, which could start another version beside it; start it anew yourself',
      })
    }
    this.#renewal = { State: 'asked' }
    process.kill(process.ppid, 'SIGHUP')
  }

  /** A successor is there and is going to read the state. One that was killed must not leave the service paused. */
  prepare(patienceMs: number): void {
    if (this.#timer) throw new RelayError('ResourceConflict', { message: 'Another process is taking over already' })
    this.#timer = setTimeout(() => this.abandon('the new process was not heard of again'), patienceMs)
    this.#parts.pause()
  }

  /** The successor serves. */
  finish(): void {
    if (!this.#timer)
      throw new RelayError('ResourceConflict', { message: 'The service is not being handed over (any more)' })
    this[Symbol.dispose]()
    // The answer goes first: the socket that it takes is closed with the rest.
    setImmediate(() => this.#retired.resolve())
  }

  /** The successor gave up. */
  abandon(reason: string): void {
    if (this.#renewal) this.#renewal = { State: 'failed', Reason: reason }
    if (!this.#timer) return
    this[Symbol.dispose]()
    this.#parts.resume()
  }

  /** @throws {RelayError} ResourceConflict while a successor reads the state. */
  demandIdle(): void {
    if (!this.#timer) return
    throw new RelayError('ResourceConflict', {
      message: 'The service is being handed over to a new process; try again in a moment',
    })
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
