import { isIP } from 'node:net'
import { parseEndpoint } from '@postern/protocol'
import { z } from 'zod'
import { defaultIngressLimits, type IngressEntry } from '../domain/ingress-entry.ts'
import { networkMaskProblem } from '../domain/network-access.ts'
import { type DeclaredIngressOidc, declaredIngressOidcShape, oidcOf } from './declared-ingress-oidc.ts'

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** An ingress entry as it is declared. */
export interface DeclaredIngress
  extends Pick<IngressEntry, 'name' | 'hybridConnection' | 'port'>,
    Optional<Omit<IngressEntry, 'name' | 'hybridConnection' | 'port' | 'access' | 'tls' | 'oidc'>> {
  /** Says that everybody may come; nothing else does. */
  readonly access?: 'open' | undefined
  readonly tls?: IngressEntry['tls'] | undefined
  readonly oidc?: DeclaredIngressOidc | undefined
}

const serverName = z
  .string()
  .max(253)
  .regex(
    /^(?:\*\.)?[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?)*$/,
    'must be a host name without scheme and port, such as shop.example.com or *.example.com',
  )

const networks = z.array(
  z
    .string()
    .max(64)
    .superRefine((mask, context) => {
      const message = networkMaskProblem(mask)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    }),
)

const user = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[^:\p{Cc}]+$/u, 'must not contain ":"')
    .meta({ description: 'Who signs in.', examples: ['alice'] }),
  passwordHash: z
    .string()
    .regex(
      /^scrypt\$\d+\$\d+\$\d+\$[\w-]+\$[\w-]+$/,
      'must be what `postern ingress password` prints, never a password',
    )
    .meta({ description: 'What `postern ingress password` prints.', examples: ['scrypt$32768$8$1$c2FsdA$aGFzaA'] }),
})

const count = (description: string, max: number, example: number) =>
  z
    .int()
    .min(1)
    .max(max)
    .meta({ description, examples: [example] })
    .optional()

/** What {@link ingressProblems} looks at. */
type Checked = Optional<DeclaredIngress>

const namePattern = /^[A-Za-z0-9](?:[\w.-]{0,62}[A-Za-z0-9])?$/
const nameRule = 'must have 1 to 64 letters, digits, dots, hyphens and underscores'

/** What the name of an entry must be and is not. */
export function ingressNameProblem(name: string): string | undefined {
  return namePattern.test(name) ? undefined : nameRule
}

/** What can be said of an entry besides its name, whoever says it: files of the machine are for the resources file alone. */
export const ingressSettingsShape = {
  hybridConnection: z
    .string()
    .min(1)
    .max(260)
    .meta({ description: 'Where it leads to.', examples: ['db'] }),
  protocol: z
    .enum(['tcp', 'udp'])
    .meta({ description: 'tcp when left out.', examples: ['tcp'] })
    .optional(),
  address: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an address of this machine, such as 203.0.113.5')
    .meta({ description: 'Address to bind; all of the machine when left out.', examples: ['203.0.113.5'] })
    .optional(),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .meta({ description: 'The public port; 0 for any that is free.', examples: [5432] }),
  sni: z
    .array(serverName)
    .min(1)
    .max(256)
    .meta({
      description: 'TLS server names that go this way; other entries may share the port.',
      examples: [['shop.example.com']],
    })
    .optional(),
  hosts: z
    .array(serverName)
    .min(1)
    .max(256)
    .meta({
      description: 'HTTP hosts that go this way; other entries may share the port.',
      examples: [['www.example.com']],
    })
    .optional(),
  tls: z
    .enum(['pass', 'terminate'])
    .meta({
      description:
        'terminate: TLS ends at the relay, with its certificates. pass, when left out: bytes go through as they come.',
      examples: ['terminate'],
    })
    .optional(),
  framing: z
    .enum(['raw', 'azbridge'])
    .meta({
      description: 'What listeners expect that are none of ours: bare bytes (when left out), or azbridge.',
      examples: ['raw'],
    })
    .optional(),
  target: z
    .string()
    .refine((text) => parseEndpoint(text) !== undefined, 'must be host:port')
    .meta({ description: 'What a listener of ours is asked for, among what it permits.', examples: ['db.corp:5432'] })
    .optional(),
  portName: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: "What azbridge's preamble asks for; the port when left out.", examples: ['postgres'] })
    .optional(),
  access: z
    .enum(['open'])
    .meta({ description: 'Lets everybody in. Without it an entry needs a guard.', examples: ['open'] })
    .optional(),
  allow: networks
    .min(1)
    .max(1024)
    .meta({ description: 'Addresses and networks that may come.', examples: [['203.0.113.0/24']] })
    .optional(),
  users: z
    .array(user)
    .min(1)
    .max(256)
    .meta({ description: 'Who may pass with a password (HTTP basic); needs hosts.' })
    .optional(),
  maxConnections: count(`Connections at once; ${defaultIngressLimits.maxConnections} when left out.`, 1_000_000, 1000),
  maxConnectionsPerSource: count(
    `The same of one source address; ${defaultIngressLimits.maxConnectionsPerSource} when left out.`,
    1_000_000,
    20,
  ),
  connectionsPerSecondPerSource: count(
    `New connections a second of one source address; ${defaultIngressLimits.connectionsPerSecondPerSource} when left out.`,
    100_000,
    10,
  ),
  proxyProtocol: z
    .enum(['v2'])
    .meta({
      description:
        'Tells the target who the client is, by a PROXY protocol header before all bytes, or before each datagram.',
      examples: ['v2'],
    })
    .optional(),
  trustedProxies: networks
    .min(1)
    .max(64)
    .meta({
      description: 'Load balancers before this port, which must send a PROXY protocol header.',
      examples: [['10.0.0.2']],
    })
    .optional(),
}

const ingressEntry = z
  .strictObject({
    name: z
      .string()
      .regex(namePattern, nameRule)
      .meta({ description: 'Name of the entry, for logs, metrics and audit records.', examples: ['shop'] }),
    ...ingressSettingsShape,
    clientCertificates: z
      .string()
      .min(1)
      .max(4096)
      .meta({
        description: 'PEM file with the authority whose client certificates may pass; needs tls: terminate.',
        examples: ['/etc/postern/devices-ca.pem'],
      })
      .optional(),
    oidc: declaredIngressOidcShape,
  })
  .superRefine((entry, context) => {
    for (const [path, message] of ingressProblems(entry)) context.addIssue({ code: 'custom', path: [path], message })
  })

/** The list of a namespace, or of `postern ingress`; whether they clash is for whoever knows all of them. */
export const declaredIngressShape: z.ZodOptional<z.ZodType<readonly DeclaredIngress[]>> = z
  .array(ingressEntry)
  .max(1024)
  .superRefine((list, context) => {
    const names = list.map(({ name }) => name.toLowerCase())
    for (const [at, name] of names.entries()) {
      if (names.indexOf(name) === at) continue
      context.addIssue({ code: 'custom', path: [at, 'name'], message: `"${name}" is there already` })
    }
  })
  .meta({
    description: 'Public ports and names of the relay itself that lead to hybrid connections of this namespace.',
  })
  .optional()

/** Entries with everything that was left out. */
export function ingressOf(declared: readonly DeclaredIngress[] = []): readonly IngressEntry[] {
  return declared.map((entry) => {
    const { sni, hosts, oidc, access = 'guarded', tls = 'pass', framing = 'raw', protocol = 'tcp', ...rest } = entry
    const lower = (names: readonly string[] | undefined) => names?.map((name) => name.toLowerCase())
    const whole = { ...defaultIngressLimits, ...definedOf(rest), access, tls, framing, protocol }
    return {
      ...whole,
      ...definedOf({ sni: lower(sni), hosts: lower(hosts), oidc: oidc && oidcOf(oidc) }),
    } as IngressEntry
  })
}

function definedOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

type Problem = [path: keyof DeclaredIngress, message: string]

/** What is wrong with an entry that cannot be said of one key alone. */
export function* ingressProblems(entry: Checked): Generator<Problem> {
  yield* problemsOfAccess(entry)
  const { clientCertificates, users, hosts, sni, tls, trustedProxies, framing, portName } = entry
  if (sni && hosts) yield ['hosts', 'cannot stand beside sni; make two entries']
  if (clientCertificates !== undefined && tls !== 'terminate') {
    yield ['clientCertificates', 'can only be asked for where TLS ends at the relay; write tls: terminate']
  }
  if (users && !hosts) yield ['users', 'sign in by HTTP; write hosts: [www.example.com], or leave users out']
  if (users && tls !== 'terminate' && !trustedProxies) {
    yield ['users', 'would send passwords that everybody can read; write tls: terminate']
  }
  yield* problemsOfSignIn(entry)
  if (portName !== undefined && framing !== 'azbridge') yield ['portName', 'is of use only with framing: azbridge']
  if (entry.protocol === 'udp') yield* problemsOfDatagrams(entry)
}

function* problemsOfSignIn({ oidc, users, hosts, tls }: Checked): Generator<Problem> {
  if (!oidc) return
  if (!hosts) yield ['oidc', 'signs in by HTTP; write hosts: [www.example.com], or leave oidc out']
  if (users) yield ['oidc', 'cannot stand beside users: people sign in one way; make two entries']
  if (tls === 'terminate' && oidc.tlsEndsInFront) {
    yield ['oidc', 'says that TLS ends in front, and the entry ends it; leave tlsEndsInFront or tls: terminate out']
  }
  if (tls !== 'terminate' && !oidc.tlsEndsInFront) {
    yield ['oidc', 'needs https; write tls: terminate, or tlsEndsInFront: true where a load balancer ends TLS']
  }
}

function* problemsOfAccess({ access, allow, clientCertificates, users, oidc }: Checked): Generator<Problem> {
  const isGuarded = allow !== undefined || clientCertificates !== undefined || users !== undefined || oidc !== undefined
  if (!isGuarded && access === undefined) {
    yield [
      'access',
      'is missing, and nothing guards this port; write allow: ["203.0.113.0/24"] (who may come), clientCertificates: FILE ' +
        '(with tls: terminate), users: or oidc: (with hosts), or access: open to let everybody in',
    ]
  }
  if (isGuarded && access === 'open') {
    yield ['access', 'lets everybody in, and the entry has guards; leave one of both out']
  }
}

const streamKeys = ['sni', 'hosts', 'tls', 'clientCertificates', 'users', 'oidc'] as const

function* problemsOfDatagrams(entry: Checked): Generator<Problem> {
  for (const key of streamKeys) {
    if (entry[key] !== undefined) yield [key, 'has no meaning for protocol: udp; leave it out']
  }
  if (entry.trustedProxies !== undefined) {
    yield [
      'trustedProxies',
      'is not to be had with protocol: udp: a PROXY header before a datagram is not read; leave it out',
    ]
  }
}
