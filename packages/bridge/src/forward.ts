import { formatPortRange, type PortRange } from './targets/port-range.ts'

/** A TCP or UDP port of this machine that leads into a relay. */
export interface PortBinding {
  readonly protocol: 'tcp' | 'udp'
  /** Address to bind, `*` for all. Default: `127.0.0.1`, or all with gateway ports. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
  /** What the far end is asked for; the port as typed (`5000`, UDP `5000U`) unless a name was given. */
  readonly portName: string
}

/** A Unix socket of this machine that leads into a relay. */
export interface SocketBinding {
  readonly protocol: 'unix'
  readonly socketPath: string
  readonly portName: string
}

/** What a local forwarder listens on. */
export type LocalBinding = PortBinding | SocketBinding

/** One `-L`: ports and sockets that all lead into the same hybrid connection. */
export interface LocalForward {
  readonly relayName: string
  readonly bindings: readonly LocalBinding[]
  /** Relay and credential of this forward alone. */
  readonly connectionString?: string
  /** True for a hybrid connection that takes senders without a token. */
  readonly noAuthentication?: boolean
}

/** A TCP or UDP service that connections from a relay are led to. */
export interface PortTarget {
  readonly protocol: 'tcp' | 'udp'
  readonly host: string
  readonly port: number
  /** What senders ask for; the port as typed unless a name was given. */
  readonly portName: string
}

/** A service behind a Unix socket. */
export interface SocketTarget {
  readonly protocol: 'unix'
  readonly socketPath: string
  readonly portName: string
}

/** Many ports of one host; the port name says which. */
export interface RangeTarget {
  readonly protocol: 'tcp' | 'udp'
  readonly host: string
  readonly ports: PortRange
}

/** A service that one connection can be led to. */
export type SingleTarget = PortTarget | SocketTarget

/** Where a remote forwarder leads connections. */
export type RemoteTarget = SingleTarget | RangeTarget

/** A web service that HTTP requests from a relay are led to. */
export interface HttpTarget {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** What stands in front of every path, with a slash at both ends. */
  readonly path: string
  /** True to take any certificate of an https service. */
  readonly insecure?: boolean
}

/** One `-T` or `-H`: what one hybrid connection leads to. */
export interface RemoteForward {
  readonly relayName: string
  readonly targets: readonly RemoteTarget[]
  readonly httpTargets?: readonly HttpTarget[]
  /** Relay and credential of this forward alone. */
  readonly connectionString?: string
}

/** A range and not a single service. */
export function isRange(target: RemoteTarget): target is RangeTarget {
  return 'ports' in target
}

/** A target, binding or HTTP target as people read it: `10.0.0.5:5432`, `10.0.0.5:53U`, `/run/db.sock`. */
export function addressOf(place: LocalBinding | RemoteTarget | HttpTarget): string {
  if (place.protocol === 'unix') return place.socketPath
  const { host = '127.0.0.1', protocol } = place
  const name = host.includes(':') ? `[${host}]` : host
  if ('path' in place) return `${protocol}://${name}:${place.port}${place.path}`
  const ports = 'ports' in place ? formatPortRange(place.ports) : String(place.port)
  return `${name}:${ports}${protocol === 'udp' ? 'U' : ''}`
}

/** What senders ask for to reach a target, as people read it. */
export function portNameOf(target: RemoteTarget): string {
  if (!isRange(target)) return target.portName
  return `${formatPortRange(target.ports)}${target.protocol === 'udp' ? 'U' : ''}`
}
