import type { TcpNetConnectOpts } from 'node:net'

/** What a program has asked of `socket.connect`. */
export interface ConnectArguments {
  readonly options: Partial<TcpNetConnectOpts> & { readonly path?: string | null }
  readonly listener: (() => void) | undefined
}

/** Reads the forms of `socket.connect`: options; port and host; path; or the array that `net.connect` has made of them. */
export function readConnectArguments(given: readonly unknown[]): ConnectArguments {
  const args: readonly unknown[] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given
  const last = args.findLast((each) => each !== null && each !== undefined)
  const listener = typeof last === 'function' ? (last as () => void) : undefined
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return { options: first, listener }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, listener }
  const host = typeof second === 'string' ? { host: second } : {}
  return { options: { port: Number(first), ...host }, listener }
}
