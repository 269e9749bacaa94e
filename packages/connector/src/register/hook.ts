import { AsyncLocalStorage } from 'node:async_hooks'
import dns, { type LookupAddress } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net, { type Socket, type TcpNetConnectOpts } from 'node:net'
import { loopbackAddress } from '../addresses/loopback-address.ts'
import type { Connector } from '../connector.ts'
import { isAddress, plainHost } from '../names/host-name.ts'
import { readConnectArguments } from './connect-arguments.ts'
import { connectError } from './connect-error.ts'
import { PrivatePairs } from './private-pairs.ts'

type Connect = (this: Socket, ...args: readonly unknown[]) => Socket
type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Relays and apps that have not said by then which endpoints there are do not hold the program up. */
const settleTimeoutMs = 5_000
/** What relays and apps say is asked for again, beside the program, when it connects and that is older. */
const maxAgeMs = 30_000

/** Leads the connections of this process to the endpoints of a connector. Everything else is as it was. */
export class Hook {
  readonly #connector: Connector
  readonly #pairs = new PrivatePairs()
  /** True for connections of the connector itself: they are not led anywhere. */
  readonly #own = new AsyncLocalStorage<true>()
  readonly #connect = Reflect.get(net.Socket.prototype, 'connect') as Connect
  readonly #lookup = dns.lookup
  /** Addresses that `dns.lookup` has said, for programs that look up first and connect then. */
  readonly #said = new Map<string, string>()
  #ready: Promise<void> | undefined
  #isReady = false
  #freshUntilMs = 0

  constructor(connector: Connector) {
    this.#connector = connector
  }

  /** Puts itself into Node's place where connections begin. */
  install(): void {
    this.#ready = this.#own.run(true, () => this.#start())
    const decide = (socket: Socket, args: readonly unknown[]): Socket => this.#onConnect(socket, args)
    net.Socket.prototype.connect = function connect(this: Socket, ...args: unknown[]): Socket {
      return decide(this, args)
    }
    const onLookup = (host: string, options: unknown, callback: unknown): void =>
      this.#onLookup(host, options, callback)
    dns.lookup = Object.assign(
      (host: string, options: unknown, callback?: unknown) => onLookup(host, options, callback),
      this.#lookup,
    ) as typeof dns.lookup
    const promised = dns.promises.lookup
    dns.promises.lookup = (async (host: string, given?: dns.LookupOptions | number) => {
      const options = typeof given === 'number' ? { family: given } : (given ?? {})
      const address = await this.#addressFor(host, options)
      if (address === undefined) return promised(host, options)
      return options.all === true ? [{ address, family: 4 }] : { address, family: 4 }
    }) as typeof dns.promises.lookup
    // Names imported from node:dns and node:net are seen too.
    syncBuiltinESMExports()
  }

  async #start(): Promise<void> {
    await this.#connector.start()
    await this.#refresh()
    this.#isReady = true
  }

  async #refresh(): Promise<void> {
    this.#freshUntilMs = performance.now() + maxAgeMs
    await this.#connector.refresh(AbortSignal.timeout(settleTimeoutMs))
  }

  #onConnect(socket: Socket, args: readonly unknown[]): Socket {
    const { options, listener } = readConnectArguments(args)
    // http says null where there is no path.
    if (this.#own.getStore() || options.path || !this.#mayBeOurs(options)) {
      return this.#connect.call(socket, ...args)
    }
    if (this.#isReady && !this.#isOfOurs(options.host ?? '')) return this.#connect.call(socket, ...args)
    if (listener) socket.once('connect', listener)
    // As while Node looks a name up: what is written waits, what asks is told so.
    Object.assign(socket, { connecting: true })
    this.#lead(socket, options as TcpNetConnectOpts).catch((error: unknown) => socket.destroy(error as Error))
    return socket
  }

  /** Names and addresses that can be endpoints; most connections to this machine itself cannot. */
  #mayBeOurs({ host, port }: Partial<TcpNetConnectOpts>): boolean {
    return host !== undefined && port !== undefined && plainHost(host) !== 'localhost' && !/^127\.0\.|^::1$/.test(host)
  }

  #isOfOurs(host: string): boolean {
    if (performance.now() > this.#freshUntilMs) void this.#own.run(true, () => this.#refresh())
    return this.#said.has(host) || this.#connector.hostOf(host) !== undefined
  }

  async #lead(socket: Socket, options: TcpNetConnectOpts): Promise<void> {
    await this.#ready
    const { host = '', port } = options
    const name = this.#said.get(host) ?? host
    if (!this.#connector.has({ host: name, port })) {
      // A port that is no endpoint: the real host, not the address that stands for it here.
      const lookup = options.lookup ?? this.#lookup
      if (!socket.destroyed) this.#connect.call(socket, { ...options, host: name, lookup })
      return
    }
    const gone = new AbortController()
    const onClose = (): void => gone.abort()
    socket.once('close', onClose)
    try {
      const place = { host: name, port, signal: gone.signal }
      const stream = await this.#own.run(true, () => this.#connector.connect(place))
      const { localAddress: _, localPort: __, lookup: ___, ...kept } = options
      const pair = { ...kept, host: '127.0.0.1', port: await this.#pairs.port(), family: 4, autoSelectFamily: false }
      if (socket.destroyed) {
        stream.on('error', () => {}).destroy()
        return
      }
      this.#pairs.announce(socket, stream)
      this.#connect.call(socket, pair)
    } catch (error) {
      throw connectError(name, port, error)
    } finally {
      socket.off('close', onClose)
    }
  }

  #onLookup(host: string, given: unknown, last: unknown): void {
    const callback = (typeof given === 'function' ? given : last) as LookupCallback
    const options: dns.LookupOptions =
      typeof given === 'number' ? { family: given } : typeof given === 'object' && given !== null ? given : {}
    const usual = (): void => (this.#lookup as (...args: readonly unknown[]) => void)(host, options, callback)
    if (this.#own.getStore() || typeof host !== 'string' || typeof callback !== 'function') {
      usual()
      return
    }
    void this.#addressFor(host, options).then((address) => {
      if (address === undefined) usual()
      else if (options.all === true) callback(null, [{ address, family: 4 }])
      else callback(null, address, 4)
    })
  }

  async #addressFor(host: string, { family }: dns.LookupOptions): Promise<string | undefined> {
    if (typeof host !== 'string' || this.#own.getStore() || family === 6 || family === 'IPv6' || isAddress(host))
      return undefined
    await this.#ready
    const name = this.#connector.hostOf(host)
    if (name === undefined) return undefined
    const address = loopbackAddress(name, 0)
    this.#said.set(address, name)
    return address
  }
}
