import { isIP, type Socket } from 'node:net'
import { proxyError } from './proxy-errors.ts'
import type { ProxyServer } from './proxy-server.ts'
import { readExactly } from './read-exactly.ts'

const version = 5
const noAuthentication = 0
const userAndPassword = 2
const noMethodSuits = 0xff
const commandConnect = 1
const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const
const maxNameBytes = 255

/** RFC 1928 section 6: codes of a refusal, and whether the proxy could not or would not. */
const replies: Readonly<Record<number, readonly ['ProxyConnectFailed' | 'ProxyRefused', string]>> = {
  1: ['ProxyConnectFailed', 'general failure'],
  2: ['ProxyRefused', 'its rules do not allow it'],
  3: ['ProxyConnectFailed', 'network unreachable'],
  4: ['ProxyConnectFailed', 'host unreachable; does it know the name?'],
  5: ['ProxyConnectFailed', 'connection refused'],
  6: ['ProxyConnectFailed', 'TTL expired'],
  7: ['ProxyRefused', 'it knows no CONNECT'],
  8: ['ProxyRefused', 'it knows no addresses of this kind'],
}

/**
 * Has a SOCKS proxy connect to a host, whose name it resolves itself. RFC 1928, RFC 1929
 *
 * @param socket connected to the proxy. Whoever gave it ends it, also when time is over.
 * @throws {RelayError} ProxyAuthenticationRequired, ProxyRefused, ProxyConnectFailed
 */
export async function tunnelBySocks(
  socket: Socket,
  proxy: ProxyServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  await agreeOnMethod(socket, proxy)
  socket.write(Buffer.from([version, commandConnect, 0, ...addressOf(host, proxy), port >> 8, port & 0xff]))
  const [answered, reply = 1, , kind] = await readExactly(socket, 4)
  if (answered !== version) throw proxyError('ProxyUnreachable', proxy, 'does not speak SOCKS 5')
  if (reply !== 0) {
    const [code, reason] = replies[reply] ?? ['ProxyRefused', `code ${reply}`]
    throw proxyError(code, proxy, `does not lead to ${host}:${port}: ${reason}`)
  }
  // The address that it is bound to follows, of no use to anybody.
  await readExactly(socket, (await boundAddressBytes(socket, kind, proxy)) + 2)
}

async function agreeOnMethod(socket: Socket, proxy: ProxyServer): Promise<void> {
  const { credentials } = proxy
  const offered = credentials ? [noAuthentication, userAndPassword] : [noAuthentication]
  socket.write(Buffer.from([version, offered.length, ...offered]))
  const [answered, method = noMethodSuits] = await readExactly(socket, 2)
  if (answered !== version) throw proxyError('ProxyUnreachable', proxy, 'does not speak SOCKS 5')
  if (method === noAuthentication) return
  if (method !== userAndPassword || !credentials) {
    const problem = credentials ? 'takes neither none nor user and password' : 'asks for a user name and password'
    throw proxyError('ProxyAuthenticationRequired', proxy, problem)
  }
  const [user, password] = [Buffer.from(credentials.user), Buffer.from(credentials.password)]
  socket.write(Buffer.from([1, user.length, ...user, password.length, ...password]))
  const [, status] = await readExactly(socket, 2)
  if (status !== 0) {
    throw proxyError('ProxyAuthenticationRequired', proxy, 'does not accept the user name and password')
  }
}

function addressOf(host: string, proxy: ProxyServer): readonly number[] {
  if (isIP(host) === 4) return [addressTypes.ipv4, ...host.split('.').map(Number)]
  if (isIP(host) === 6) return [addressTypes.ipv6, ...ipv6Bytes(host)]
  const name = Buffer.from(host)
  if (name.length > maxNameBytes) throw proxyError('ProxyRefused', proxy, 'takes no host name of such length')
  return [addressTypes.name, name.length, ...name]
}

function ipv6Bytes(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address.replace(/%.*$/, ''))
  const text = dotted ? `${dotted[1]}${hexPair(dotted[2], dotted[3])}:${hexPair(dotted[4], dotted[5])}` : address
  const [before = '', after] = text.replace(/%.*$/, '').split('::')
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function hexPair(high = '0', low = '0'): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}

async function boundAddressBytes(socket: Socket, kind: number | undefined, proxy: ProxyServer): Promise<number> {
  if (kind === addressTypes.ipv4) return 4
  if (kind === addressTypes.ipv6) return 16
  if (kind === addressTypes.name) return (await readExactly(socket, 1))[0] ?? 0
  throw proxyError('ProxyRefused', proxy, 'gave an answer that cannot be read')
}
