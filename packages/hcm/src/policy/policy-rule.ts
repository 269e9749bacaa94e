import { BlockList, isIP } from 'node:net'
import { type Endpoint, parseEndpoint } from '@postern/client'
import { RelayError } from '@postern/protocol'

/** One line of the allow-list of a site. */
export interface PolicyRule {
  /** As it was typed, in one spelling: what lists show and `remove` takes. */
  readonly text: string
  /** It says which ports are meant. */
  readonly namesPorts: boolean
  /** True when the name of an endpoint alone decides that it is allowed. */
  allowsName(endpoint: Endpoint): boolean
  /** True when connections to this address and port are allowed, whatever name led there. */
  allowsAddress(endpoint: Endpoint): boolean
}

const maxPort = 65_535

/**
 * Reads a rule: `host:port`, `CIDR[:ports]` or `*.suffix[:ports]`, where ports are `80`, `8000-8100` or several of these
 * with commas; without ports all are meant. An IPv6 network with ports stands in brackets: `[fd00::/8]:5432`.
 *
 * @throws {RelayError} InvalidConfiguration with examples.
 */
export function parsePolicyRule(typed: string): PolicyRule {
  const text = typed.trim().toLowerCase()
  return parseNetwork(text) ?? parseSuffix(text) ?? parseHost(text) ?? fail(typed)
}

function parseHost(text: string): PolicyRule | undefined {
  const wanted = parseEndpoint(text)
  if (!wanted || wanted.host.startsWith('.')) return undefined
  const matches = ({ host, port }: Endpoint): boolean => host === wanted.host && port === wanted.port
  // An address is allowed as itself; a name that resolves to it is another endpoint that nobody has allowed.
  return { text, namesPorts: true, allowsName: matches, allowsAddress: () => false }
}

function parseSuffix(text: string): PolicyRule | undefined {
  const [, suffix, portText] = /^\*(\.[\w-]+(?:\.[\w-]+)*)(?::([\d,-]+))?$/.exec(text) ?? []
  const includesPort = parsePorts(portText)
  if (suffix === undefined || !includesPort) return undefined
  // "*.5" would allow 10.0.0.5.
  const allowsName = ({ host, port }: Endpoint): boolean =>
    isIP(host) === 0 && host.endsWith(suffix) && host.length > suffix.length && includesPort(port)
  return { text, namesPorts: portText !== undefined, allowsName, allowsAddress: () => false }
}

function parseNetwork(text: string): PolicyRule | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\/(\d{1,3})\]|([0-9.]+|[0-9a-f:]+:[0-9a-f:.]*)\/(\d{1,3}))(?::([\d,-]+))?$/.exec(
    text,
  )
  const address = match?.[1] ?? match?.[3] ?? ''
  const prefix = Number(match?.[2] ?? match?.[4])
  const includesPort = parsePorts(match?.[5])
  const family = isIP(address)
  if (family === 0 || !includesPort || !(prefix <= (family === 4 ? 32 : 128))) return undefined
  const network = new BlockList()
  network.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  const allowsAddress = ({ host, port }: Endpoint): boolean => {
    const of = isIP(host)
    return of !== 0 && includesPort(port) && network.check(host, of === 4 ? 'ipv4' : 'ipv6')
  }
  return { text, namesPorts: match?.[5] !== undefined, allowsName: allowsAddress, allowsAddress }
}

function parsePorts(text: string | undefined): ((port: number) => boolean) | undefined {
  if (text === undefined) return () => true
  const ranges = text.split(',').map((part) => {
    const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? []
    return { first: Number(first), last: Number(last ?? first) }
  })
  if (!ranges.every(({ first, last }) => first >= 1 && first <= last && last <= maxPort)) return undefined
  return (port) => ranges.some(({ first, last }) => port >= first && port <= last)
}

function fail(typed: string): never {
  throw new RelayError('InvalidConfiguration', {
    message:
      `"${typed}" is no rule: give host:port, a network with or without ports, or *.suffix with or without ports. ` +
      'Examples: db.corp:5432, 10.20.0.0/16:5432,8000-8100, *.corp',
  })
}
