import { type RelayOptions, Sender } from '@postern/client'
import { type Logger, silentLogger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { LocalForward, RemoteForward } from './forward-specification.ts'
import { parseLocalForward, parseRemoteForward } from './forward-specification.ts'
import type { Forwarder, ForwarderStatus, Framing } from './forwarder.ts'
import { LocalForwarder } from './local-forwarder.ts'
import { RemoteForwarder } from './remote-forwarder.ts'

/** How long open connections may go on when a bridge stops. */
const defaultGraceMs = 10_000

/** Options of {@link Bridge}. */
export interface BridgeOptions {
  /** The relay and the credential, shared by all forwards; an EntityPath in it is not used. */
  readonly relay: Omit<RelayOptions, 'path'>
  /** `-L` texts, or what they mean. */
  readonly localForwards?: readonly (string | LocalForward)[]
  /** `-T` texts, or what they mean. Several for one relay share one listener. */
  readonly remoteForwards?: readonly (string | RemoteForward)[]
  /** Default `azbridge`. Both ends must agree. */
  readonly framing?: Framing
  /** Interval of PINGs, in ms. Default 30 s. */
  readonly keepAliveIntervalMs?: number
  /** Default: silent. */
  readonly logger?: Logger
}

/**
 * Runs forwarders: local ports that lead into a relay, and relays that lead to TCP services near this machine.
 * It goes on whatever happens to the relay, to a target or to one connection, until it is stopped.
 *
 * @example
 * const bridge = new Bridge({
 *   relay: { connectionString: process.env.RELAY_CONNECTION_STRING },
 *   remoteForwards: ['db:127.0.0.1:5432'],
 * })
 * await bridge.start()
 */
export class Bridge {
  readonly #forwarders: readonly Forwarder[]

  /** @throws {RelayError} InvalidConfiguration or InvalidConnectionString. */
  constructor(options: BridgeOptions) {
    const { relay, framing = 'azbridge', logger = silentLogger, keepAliveIntervalMs } = options
    const keepAlive = keepAliveIntervalMs === undefined ? {} : { keepAliveIntervalMs }
    const local = (options.localForwards ?? []).map((forward) =>
      typeof forward === 'string' ? parseLocalForward(forward) : forward,
    )
    const remote = (options.remoteForwards ?? []).map((forward) =>
      typeof forward === 'string' ? parseRemoteForward(forward) : forward,
    )
    if (local.length + remote.length === 0) {
      throw new RelayError('InvalidConfiguration', {
        message: 'Nothing to forward: give at least one -L 127.0.0.1:15432:db or -T db:127.0.0.1:5432',
      })
    }
    this.#forwarders = [
      ...mergeByRelay(remote).map((forward) => {
        const listen = { ...relay, path: forward.relayName, ...keepAlive }
        return new RemoteForwarder({ forward, listen, framing, logger })
      }),
      ...local.map((forward) => {
        const sender = new Sender({ ...relay, path: forward.relayName, ...keepAlive })
        return new LocalForwarder({ forward, sender, framing, logger })
      }),
    ]
  }

  /** How each forwarder is doing, remote ones first, in the order given. */
  get status(): readonly ForwarderStatus[] {
    return this.#forwarders.map((forwarder) => forwarder.status)
  }

  /**
   * Opens the local ports and begins to listen; the relay need not be there yet.
   *
   * @throws {RelayError} InvalidConfiguration when a local port cannot be bound; everything is stopped then.
   */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#forwarders.map((forwarder) => forwarder.start()))
    } catch (error) {
      await this.stop({ graceMs: 0 })
      throw error
    }
  }

  /** Resolves when every relay of `-T` has been reached once; rejects only by the signal. */
  async online(signal?: AbortSignal): Promise<void> {
    const remote = this.#forwarders.filter((forwarder) => forwarder instanceof RemoteForwarder)
    await Promise.all(remote.map((forwarder) => forwarder.online(signal)))
  }

  /** Takes nothing new, lets open connections end for `graceMs` (default 10 s), then cuts them. */
  async stop({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    await Promise.all(this.#forwarders.map((forwarder) => forwarder.stop({ graceMs })))
  }

  /** The same as {@link Bridge.stop} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 })
  }
}

/** Two listeners of one program on one relay would each get senders that want the other's target. */
function mergeByRelay(forwards: readonly RemoteForward[]): RemoteForward[] {
  const merged = new Map<string, RemoteForward>()
  for (const { relayName, targets } of forwards) {
    const key = relayName.toLowerCase()
    const known = merged.get(key)
    for (const { portName } of targets) {
      if (known?.targets.some((target) => target.portName === portName)) {
        throw new RelayError('InvalidConfiguration', {
          message: `${relayName}: two targets have the port name "${portName}"; name them: -T ${relayName}:name/host:port`,
        })
      }
    }
    merged.set(
      key,
      known ? { relayName: known.relayName, targets: [...known.targets, ...targets] } : { relayName, targets },
    )
  }
  return [...merged.values()]
}
