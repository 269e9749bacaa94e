import { randomBytes } from 'node:crypto'
import { Secret } from '@postern/program'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import { DatagramPort } from './datagram-port.ts'
import { changeOf } from './entry-change.ts'
import type { IngressEvents } from './ingress-events.ts'
import { IngressRoute, type IngressWay } from './ingress-route.ts'
import type { IngressTls } from './ingress-tls.ts'
import { StreamPort } from './stream-port.ts'

/** An entry that is wanted, and what it belongs to. */
export interface WantedIngress {
  /** Tells entries of one name apart: the namespace. */
  readonly owner: string
  readonly entry: IngressEntry
  /** Made by the management API; else the resources file has it. */
  readonly isManaged?: boolean
}

/** An entry that is open, and the port that it has. */
export interface OpenIngress extends Pick<WantedIngress, 'owner' | 'entry'> {
  readonly port: number
}

/** A port that could not be bound. */
export interface IngressProblem {
  /** All that want it. */
  readonly wanted: readonly WantedIngress[]
  /** What follows the name of an entry in a sentence. */
  readonly message: string
}

/** Devices that a change has cut. */
export interface IngressCut {
  /** `namespace/name`, lower case. */
  readonly ingress: string
  readonly devices: number
  readonly reason: string
}

export interface IngressPortsOptions {
  readonly events: IngressEvents
  readonly tls: IngressTls | undefined
  readonly handshakeTimeoutMs: number
  /** Seals sessions of people who have signed in: processes with the same key know each other's. Undefined: one of this process. */
  readonly sessionKey: Secret | undefined
  readonly wayOf: (wanted: WantedIngress) => IngressWay
  /** Called after each change, and when a port was bound at last, with all problems that there are now. */
  readonly onProblems: (problems: readonly IngressProblem[]) => void
  /** Called when a change has cut devices. */
  readonly onCut?: (cut: IngressCut) => void
}

interface Port {
  readonly door: StreamPort | DatagramPort
  /** The one that was bound. */
  readonly port: number
}

/** A port that another program had may be free again. */
const retryIntervalMs = 10_000

const tickIntervalMs = 1000

/** All public ports of a process: brought to what is wanted, as often as that changes. Connections that are still allowed go on. */
export class IngressPorts {
  readonly #options: IngressPortsOptions
  readonly #sessionKey: Secret
  readonly #routes = new Map<string, IngressRoute>()
  readonly #ports = new Map<string, Port>()
  readonly #problems = new Map<string, IngressProblem>()
  readonly #ticking: NodeJS.Timeout
  #wanted: readonly WantedIngress[] = []
  #retry: NodeJS.Timeout | undefined
  #isClosed = false
  #changes: Promise<void> = Promise.resolve()

  constructor(options: IngressPortsOptions) {
    this.#options = options
    this.#sessionKey = options.sessionKey ?? new Secret(randomBytes(32).toString('base64'))
    this.#ticking = setInterval(() => this.#tick(), tickIntervalMs).unref()
  }

  /** Connections that are open, or on their way, of all entries. */
  get connections(): number {
    let sum = 0
    for (const route of this.#routes.values()) sum += route.connections
    return sum
  }

  /** The port that an entry has, which is another one than it asked for when that was 0; undefined while it is not bound. */
  portOf(entryName: string): number | undefined {
    for (const { entry } of this.#wanted) {
      if (entry.name.toLowerCase() === entryName.toLowerCase()) return this.#ports.get(placeOf(entry))?.port
    }
    return undefined
  }

  /** What is open now, in the order in which it is wanted. */
  get open(): readonly OpenIngress[] {
    return this.#wanted.flatMap(({ owner, entry }) => {
      const port = this.#ports.get(placeOf(entry))?.port
      return port === undefined ? [] : [{ owner, entry, port }]
    })
  }

  /** Brings ports and ways to what is wanted; resolves when all ports are bound, or known not to be. */
  apply(wanted: readonly WantedIngress[]): Promise<void> {
    // A change that failed must not keep the next one from being made.
    this.#changes = this.#changes.catch(() => {}).then(() => this.#apply(wanted))
    return this.#changes
  }

  /** Cuts devices of one owner's entries whose address may not stay. */
  cutAllBut(owner: string, mayStay: (address: string) => boolean): void {
    const why = 'The network rules of the namespace have changed'
    for (const [key, route] of this.#routes) {
      if (!key.startsWith(`${owner.toLowerCase()}/`)) continue
      this.#tellCut(
        key,
        route.cutAllBut(({ address }) => mayStay(address), why),
        why,
      )
    }
  }

  /** Takes nothing new; what is open goes on until `close`. */
  stopAccepting(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    for (const { door } of this.#ports.values()) if (door instanceof StreamPort) door.stopAccepting()
  }

  /** Cuts everything. */
  close(): void {
    this.stopAccepting()
    clearInterval(this.#ticking)
    for (const route of this.#routes.values()) route.close()
    for (const { door } of this.#ports.values()) door.close()
    this.#routes.clear()
    this.#ports.clear()
  }

  async #apply(wanted: readonly WantedIngress[]): Promise<void> {
    if (this.#isClosed) return
    this.#wanted = wanted
    this.#updateRoutes(wanted)
    const byPlace = Map.groupBy(wanted, ({ entry }) => placeOf(entry))
    for (const [place, { door }] of this.#ports) {
      if (byPlace.has(place)) continue
      this.#ports.delete(place)
      door.close()
    }
    for (const place of this.#problems.keys()) if (!byPlace.has(place)) this.#problems.delete(place)
    await Promise.all([...byPlace].map(([place, entries]) => this.#bind(place, entries)))
    this.#tellProblems()
  }

  #updateRoutes(wanted: readonly WantedIngress[]): void {
    const before = new Map(this.#routes)
    this.#routes.clear()
    for (const each of wanted) {
      const key = keyOf(each)
      const standing = before.get(key)
      if (standing && this.#goesOn(standing, each)) {
        this.#routes.set(key, standing)
        before.delete(key)
        continue
      }
      const { events, wayOf } = this.#options
      this.#routes.set(key, new IngressRoute({ entry: each.entry, way: wayOf(each), events }))
    }
    for (const [key, gone] of before) {
      const isChanged = this.#routes.has(key)
      const why = isChanged
        ? 'The entry has changed and leads elsewhere, or asks for other proofs'
        : 'The entry is gone'
      this.#tellCut(key, gone.close(why), why)
    }
  }

  /** Whether a route can stay for another form of its entry; it has that form then. */
  #goesOn(standing: IngressRoute, wanted: WantedIngress): boolean {
    const { entry } = wanted
    const change = changeOf(standing.entry, entry)
    if (change === 'other' || placeOf(entry) !== placeOf(standing.entry)) return false
    if (change === 'none') return true
    const cut = standing.change(entry, this.#options.wayOf(wanted))
    this.#tellCut(keyOf(wanted), cut, 'The entry has changed and does not let them in any more')
    return true
  }

  #tellCut(ingress: string, devices: number, reason: string): void {
    if (devices > 0) this.#options.onCut?.({ ingress, devices, reason })
  }

  async #bind(place: string, wanted: readonly WantedIngress[]): Promise<void> {
    const routes = wanted.flatMap((each) => this.#routes.get(keyOf(each)) ?? [])
    const [first] = wanted
    if (!first) return
    const standing = this.#ports.get(place)
    if (standing) {
      standing.door.setRoutes(routes)
      return
    }
    const { entry } = first
    const { events, tls, handshakeTimeoutMs } = this.#options
    const sessionKey = this.#sessionKey
    const where = { address: entry.address, port: entry.port }
    const door =
      entry.protocol === 'udp'
        ? new DatagramPort(where)
        : new StreamPort({ ...where, events, tls, handshakeTimeoutMs, sessionKey })
    door.setRoutes(routes)
    try {
      const port = await door.listen()
      this.#problems.delete(place)
      this.#ports.set(place, { door, port })
    } catch (error) {
      this.#problems.set(place, { wanted, message: describe(entry, error as NodeJS.ErrnoException) })
    }
  }

  #tellProblems(): void {
    this.#options.onProblems([...this.#problems.values()])
    clearTimeout(this.#retry)
    if (this.#problems.size === 0 || this.#isClosed) return
    this.#retry = setTimeout(() => void this.apply(this.#wanted), retryIntervalMs).unref()
  }

  #tick(): void {
    for (const route of this.#routes.values()) route.tick()
  }
}

function keyOf({ owner, entry }: WantedIngress): string {
  return `${owner}/${entry.name}`.toLowerCase()
}

function placeOf({ protocol, address = '*', port, name, sni, hosts }: IngressEntry): string {
  // Any free port is one of its own, unless it can be shared.
  const isOwn = port === 0 && sni === undefined && hosts === undefined
  return `${protocol} ${address.toLowerCase()} ${isOwn ? name.toLowerCase() : port}`
}

function describe({ port, protocol, address }: IngressEntry, { code, message }: NodeJS.ErrnoException): string {
  const place = `port ${port} (${protocol})${address === undefined ? '' : ` of ${address}`}`
  return `cannot have ${place}: ${reasons[code ?? ''] ?? message}; it is tried again every 10 s`
}

/** Entries of two namespaces may have one name. */
function nameOf({ owner, entry }: WantedIngress): string {
  return `${owner}/${entry.name}`
}

/** One line about all ports that could not be bound; empty when there are none. */
export function describeProblems(problems: readonly IngressProblem[]): string {
  return problems.map(({ wanted, message }) => `ingress ${wanted.map(nameOf).join(', ')} ${message}`).join('; ')
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program, or a door of the relay, has it',
  EACCES: 'the relay may not bind ports below 1024; give it the capability cap_net_bind_service',
  EADDRNOTAVAIL: 'this machine has no such address',
}
