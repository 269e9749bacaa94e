import { withoutOwnCookies } from './sign-in/sealed-cookies.ts'

/** How a request head is changed on its way to the target. */
export interface ForwardedHeadOptions {
  /** Address of the device. */
  readonly client: string
  readonly scheme: 'http' | 'https'
  /** The credential was for us. */
  readonly dropAuthorization: boolean
  /** Connection and Upgrade stay: the target is asked for a WebSocket. */
  readonly isUpgrade: boolean
  /** What the target learns about the person, where the entry says so. */
  readonly person?: { readonly subject: string; readonly email?: string }
}

/** Concern one connection only. RFC 9110 section 7.6.1 */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Said by us alone: a device could invent them. */
const ours = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-forwarded-user',
  'x-forwarded-email',
  // Other proxies say these, and services that were behind one believe them.
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
])

/** Names and values for the target, in the order in which they came. Framing headers stay: the body goes on as it is. */
export function forwardedHead(rawHeaders: readonly string[], options: ForwardedHeadOptions): string[] {
  const { client, scheme, dropAuthorization, isUpgrade, person } = options
  const named = namedByConnection(rawHeaders)
  const head: string[] = []
  let host = ''
  for (const [name, value] of pairsOf(rawHeaders)) {
    const plain = name.toLowerCase()
    if (plain === 'host') host = value
    // Node's client frames the body anew from this one.
    const isFraming = plain === 'transfer-encoding'
    if (isDropped(plain, named) && !isFraming) continue
    // CGI and its kin take an underscore for a hyphen.
    if (ours.has(plain.replaceAll('_', '-'))) continue
    if (plain === 'expect' || (plain === 'authorization' && dropAuthorization)) continue
    // Cookies know no ports: those of our sign-in come to every entry of the host.
    const passing = plain === 'cookie' ? withoutOwnCookies(value) : value
    if (passing !== undefined) head.push(name, passing)
  }
  if (isUpgrade) head.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  head.push('X-Forwarded-For', client, 'X-Forwarded-Host', host, 'X-Forwarded-Proto', scheme)
  if (person) head.push('X-Forwarded-User', person.subject)
  if (person?.email !== undefined) head.push('X-Forwarded-Email', person.email)
  return head
}

/** The headers of a response, without what concerns the connection to the target; how the body is framed is the writer's to say. */
export function plainResponseHead(rawHeaders: readonly string[]): string[] {
  const named = namedByConnection(rawHeaders)
  return pairsOf(rawHeaders)
    .filter(([name]) => !isDropped(name.toLowerCase(), named))
    .flat()
}

function isDropped(name: string, named: ReadonlySet<string>): boolean {
  return hopByHop.has(name) || named.has(name)
}

function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const values = pairsOf(rawHeaders).filter(([name]) => name.toLowerCase() === 'connection')
  const names = values.flatMap(([, value]) => value.split(',').map((each) => each.trim().toLowerCase()))
  // One that names these would make the request mean something else to the target than to us.
  return new Set(names.filter((name) => name !== 'host' && name !== 'content-length'))
}

function pairsOf(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''])
  return pairs
}
