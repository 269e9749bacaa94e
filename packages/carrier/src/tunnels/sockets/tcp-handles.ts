import type { SocketAddress } from './tunnel-socket.ts'

/** What Node's `net` makes its TCP sockets from; errors are negative numbers of libuv. */
export interface TcpHandle {
  onread: ((this: TcpHandle) => void) | undefined
  /** Ours: whose handle it is. */
  [owner]?: HandleOwner
  connect(request: object, address: string, port: number): number
  connect6(request: object, address: string, port: number): number
  setNoDelay(isOn: boolean): number
  setKeepAlive(isOn: boolean, delaySeconds: number): number
  getpeername(into: Partial<SocketAddress>): number
  getsockname(into: Partial<SocketAddress>): number
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  writeBuffer(request: object, bytes: Uint8Array): number
  shutdown(request: object): number
  reset(onClosed: () => void): number
  close(onClosed: () => void): void
}

/** Hears what becomes of a handle and of what was asked of it. */
export interface HandleOwner {
  onRead(): void
  onConnected(status: number): void
  onWritten(status: number): void
  onShut(status: number): void
}

/** Something that a handle was asked for. */
export interface HandleRequest {
  oncomplete: (this: HandleRequest, status: number) => void
  [owner]?: HandleOwner
}

/** What handles and requests carry the name of their owner in: a closure for each would be garbage for each. */
export const owner: unique symbol = Symbol('owner')

/** Node's own parts, as its `net` uses them. */
export interface TcpHandles {
  readonly Handle: new (kind: number) => TcpHandle
  /** For a connection, as against a listening one. */
  readonly socketKind: number
  readonly ConnectRequest: new () => HandleRequest
  readonly WriteRequest: new () => HandleRequest
  readonly ShutdownRequest: new () => HandleRequest
  /** What the last call has come to, at the two places below. */
  readonly state: Int32Array
  /** Of `state`: bytes read, or an error. */
  readonly readAt: number
  /** Of `state`: 0 when the system has taken all of the last write already. */
  readonly isAsyncAt: number
  /** A reset that comes together with bytes is told as an end; only who reads once more hears the truth. */
  readonly tellsResetAsEnd: boolean
}

/** UV_EOF of libuv, on every system. */
export const endOfFile = -4095

/** Versions of Node whose handles the tests have seen at work. */
const knownMajors: readonly number[] = [22, 24, 26]

/** Of libuv: https://github.com/libuv/libuv/pull/4997. */
const firstTruthful = [1, 52] as const

const methods = (
  'connect connect6 setNoDelay setKeepAlive getpeername getsockname useUserBuffer ' +
  'readStart readStop writeBuffer shutdown reset close'
).split(' ')

/**
 * Node's TCP handles. They are no public part of Node: where it is a version that was not tried, or one of them is missing
 * or forbidden, there are none.
 *
 * @param version as `process.versions.node`
 */
export function findTcpHandles(version: string = process.versions.node): TcpHandles | undefined {
  if (!knownMajors.includes(Number.parseInt(version, 10))) return undefined
  try {
    const tcp = binding('tcp_wrap') as { TCP: TcpHandles['Handle']; TCPConnectWrap: TcpHandles['ConnectRequest'] } & {
      constants: { SOCKET: number }
    }
    const stream = binding('stream_wrap') as {
      WriteWrap: TcpHandles['WriteRequest']
      ShutdownWrap: TcpHandles['ShutdownRequest']
      streamBaseState: Int32Array
      kReadBytesOrError: number
      kLastWriteWasAsync: number
    }
    const found: TcpHandles = {
      Handle: tcp.TCP,
      socketKind: tcp.constants.SOCKET,
      ConnectRequest: tcp.TCPConnectWrap,
      WriteRequest: stream.WriteWrap,
      ShutdownRequest: stream.ShutdownWrap,
      state: stream.streamBaseState,
      readAt: stream.kReadBytesOrError,
      isAsyncAt: stream.kLastWriteWasAsync,
      tellsResetAsEnd: isOlder(process.versions.uv, firstTruthful),
    }
    return isWhole(found) ? found : undefined
  } catch {
    return undefined
  }
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number)
  return itsMajor < major || (itsMajor === major && itsMinor < minor)
}

function binding(name: string): unknown {
  const { noDeprecation } = process
  // Programs of others load this, and some of them end by a deprecation.
  process.noDeprecation = true
  try {
    return (process as unknown as { binding(name: string): unknown }).binding(name)
  } finally {
    process.noDeprecation = noDeprecation ?? false
  }
}

function isWhole(found: TcpHandles): boolean {
  const { prototype } = found.Handle as unknown as { prototype: Record<string, unknown> }
  const requests = [found.ConnectRequest, found.WriteRequest, found.ShutdownRequest]
  return (
    [...methods.map((name) => prototype[name]), ...requests].every((part) => typeof part === 'function') &&
    'onread' in prototype &&
    [found.socketKind, found.state[found.readAt], found.state[found.isAsyncAt]].every(
      (part) => typeof part === 'number',
    )
  )
}

/** Undefined where this Node has none that are known. */
export const tcpHandles: TcpHandles | undefined = findTcpHandles()
