import { parseDuration } from '@postern/program'
import {
  type Action,
  actions,
  addEndpointToMetadata,
  hybridConnectionNameProblem,
  maxUserMetadataLength,
  namespaceNameProblem,
  parseEndpoint,
  type Right,
  rights,
  ruleNameProblem,
} from '@postern/protocol'
import { z } from 'zod'
import { findIngressClashes } from '../domain/ingress-clashes.ts'
import { type DeclaredIngress, declaredIngressShape, ingressOf } from './declared-ingress.ts'
import { type DeclaredNetwork, declaredNetworkShape } from './declared-network.ts'

/** A rule as it is declared; keys that are left out are made once and kept in the store. */
export interface DeclaredRule {
  readonly name: string
  readonly rights: readonly Right[]
  readonly primaryKey?: string | undefined
  readonly secondaryKey?: string | undefined
}

export interface DeclaredHybridConnection {
  readonly name: string
  /** `host:port`, kept in userMetadata. */
  readonly endpoint?: string | undefined
  readonly userMetadata?: string | undefined
  /** True when left out. */
  readonly requiresClientAuthorization?: boolean | undefined
  /** A duration such as `30s`. */
  readonly httpResponseTimeout?: string | undefined
  readonly maxListeners?: number | undefined
  /** connect and request when left out. */
  readonly actions?: readonly Action[] | undefined
  readonly rules?: readonly DeclaredRule[] | undefined
}

export interface DeclaredNamespace extends DeclaredNetwork {
  readonly name: string
  readonly hosts?: readonly string[] | undefined
  /** False when left out. */
  readonly default?: boolean | undefined
  /** Where the management API shows it; a subscription, group and location of the relay's own when left out. */
  readonly subscription?: string | undefined
  readonly resourceGroup?: string | undefined
  readonly location?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** RootManageSharedAccessKey with all rights when left out. */
  readonly rules?: readonly DeclaredRule[] | undefined
  readonly hybridConnections?: readonly DeclaredHybridConnection[] | undefined
  /** Public ports and names of the relay itself. */
  readonly ingress?: readonly DeclaredIngress[] | undefined
}

/** What a resources file says, or what `startRelay({ resources })` is given. */
export interface ResourcesDeclaration {
  readonly namespaces: readonly DeclaredNamespace[]
}

function nameText(maxLength: number, problem: (name: string) => string | undefined): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .superRefine((name, context) => {
      const message = problem(name)
      if (message !== undefined) report(context, [], message)
    })
}

const key = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s;]*$/, 'must not contain spaces or ";": it would break connection strings; write a base64 text')
  .meta({ description: 'Any text without spaces and ";", best the base64 of 32 random bytes. Made when left out.' })
  .optional()

const rule = z
  .strictObject({
    name: nameText(256, ruleNameProblem).meta({
      description: 'Name of the rule, goes into tokens as `skn`.',
      examples: ['listener'],
    }),
    rights: z
      .array(z.enum(rights))
      .min(1)
      .meta({
        description: 'What a token made with its keys may do. Manage needs Listen and Send beside it.',
        examples: [['Listen']],
      }),
    primaryKey: key,
    secondaryKey: key,
  })
  .superRefine(({ rights }, context) => {
    const isIncomplete = rights.includes('Manage') && !(rights.includes('Listen') && rights.includes('Send'))
    if (isIncomplete)
      report(context, ['rights'], 'Manage comes only together with the others; write [Listen, Send, Manage]')
  })

const rules = z
  .array(rule)
  .max(12)
  .superRefine((rules, context) =>
    reportDuplicates(
      context,
      rules.map(({ name }) => name),
      (at) => [at, 'name'],
    ),
  )
  .meta({ description: 'Authorization rules, at most 12.' })
  .optional()

const hybridConnection = z
  .strictObject({
    name: nameText(260, hybridConnectionNameProblem).meta({
      description: 'Path under the namespace.',
      examples: ['db'],
    }),
    endpoint: z
      .string()
      .refine(
        (text) => parseEndpoint(text) !== undefined,
        'must be host:port, such as db.corp:5432 or "[fd00::1]:5432"',
      )
      .meta({
        description:
          'The host:port that it stands for. Kept in userMetadata, where App Service and the HCM look for it.',
        examples: ['db.corp:5432'],
      })
      .optional(),
    userMetadata: z
      .string()
      .max(maxUserMetadataLength)
      .meta({ description: 'Any text.', examples: ['owner: payments'] })
      .optional(),
    requiresClientAuthorization: z
      .boolean()
      .default(true)
      .meta({ description: 'False lets senders in without a token.', examples: [true] })
      .optional(),
    httpResponseTimeout: z
      .string()
      .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration with its unit, such as 30s or 5m')
      .meta({ description: 'How long a listener may take to begin an HTTP response.', examples: ['60s'] })
      .optional(),
    maxListeners: z
      .int()
      .min(1)
      .max(10_000)
      .meta({ description: 'Control channels at once.', examples: [25] })
      .optional(),
    actions: z
      .array(z.enum(actions))
      .max(actions.length)
      .meta({
        description:
          'What senders and subscribers may do; connect and request when left out. The others are for messages.',
        examples: [['connect', 'request', 'send', 'publish', 'subscribe']],
      })
      .optional(),
    rules,
  })
  .superRefine(({ endpoint, userMetadata }, context) => {
    const parsed = parseEndpoint(endpoint ?? '')
    const merged = parsed && addEndpointToMetadata(userMetadata, parsed)
    if (merged === 'unreadable') {
      report(
        context,
        ['userMetadata'],
        'cannot hold the endpoint too; write a list such as \'[{"key":"owner","value":"me"}]\', or leave endpoint out',
      )
    } else if (typeof merged === 'object' && merged.userMetadata.length > maxUserMetadataLength) {
      const message = `must be at most ${maxUserMetadataLength} characters long together with the endpoint`
      report(context, ['userMetadata'], message)
    } else if (merged === 'different') {
      report(context, ['endpoint'], 'userMetadata names another endpoint; write it in one place only')
    }
  })

const host = z
  .string()
  .max(255)
  .regex(
    /^(?:[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?)*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/,
    'must be a host name or address without scheme, port and wild card, such as relay.example.com',
  )

const namespace = z.strictObject({
  name: nameText(50, (name) => namespaceNameProblem(name, { minLength: 1 })).meta({
    description: 'Name of the namespace; it answers for {name}.{baseDomain}.',
    examples: ['local'],
  }),
  hosts: z
    .array(host)
    .meta({ description: 'Host names besides {name}.{baseDomain}.', examples: [['relay.example.com']] })
    .optional(),
  default: z
    .boolean()
    .default(false)
    .meta({ description: 'Answers for localhost, addresses and every host that nobody else names.', examples: [true] })
    .optional(),
  subscription: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must have 1 to 64 letters, digits, dots, hyphens and underscores')
    .meta({ description: 'Subscription in which the management API shows it.', examples: ['production'] })
    .optional(),
  resourceGroup: z
    .string()
    .regex(/^[\w.()-]{0,89}[\w()-]$/, 'must have 1 to 90 letters, digits and ._-(), and not end with a dot')
    .meta({ description: 'Resource group in which the management API shows it.', examples: ['relay-rg'] })
    .optional(),
  location: z
    .string()
    .min(1)
    .max(64)
    .meta({ description: 'Where it is, for people.', examples: ['site-1'] })
    .optional(),
  tags: z
    .record(z.string().min(1).max(512), z.string().max(256))
    .meta({ description: 'Names and values for people.', examples: [{ owner: 'payments' }] })
    .optional(),
  ...declaredNetworkShape,
  rules: rules.meta({
    description: 'Authorization rules, at most 12; RootManageSharedAccessKey with all rights when left out.',
  }),
  hybridConnections: z
    .array(hybridConnection)
    .superRefine((list, context) =>
      reportDuplicates(
        context,
        list.map(({ name }) => name),
        (at) => [at, 'name'],
      ),
    )
    .meta({ description: 'Hybrid connections of the namespace.' })
    .optional(),
  ingress: declaredIngressShape,
})

/** The form of a resources file. Only what cannot be said of one value alone is not in its JSON schema. */
export const declaredResourcesSchema: z.ZodType<ResourcesDeclaration> = z
  .strictObject({
    namespaces: z
      .array(namespace)
      .superRefine((list, context) => {
        reportDuplicates(
          context,
          list.map(({ name }) => name),
          (at) => [at, 'name'],
        )
        const hosts = list.flatMap(({ hosts = [] }, at) =>
          hosts.map((host, hostAt) => ({ host, path: [at, 'hosts', hostAt] })),
        )
        reportDuplicates(
          context,
          hosts.map(({ host }) => host),
          (at) => hosts[at]?.path ?? [],
        )
        const entries = list.flatMap(({ ingress = [] }, at) =>
          ingressOf(ingress).map((entry, entryAt) => ({ entry, path: [at, 'ingress', entryAt, 'port'] })),
        )
        for (const { at, message } of findIngressClashes(entries.map(({ entry }) => entry))) {
          report(context, entries[at]?.path ?? [], message)
        }
        const [, ...others] = list.flatMap((namespace, at) => (namespace.default ? [at] : []))
        for (const at of others) report(context, [at, 'default'], 'only one namespace can be the default; write false')
      })
      .meta({ description: 'Everything that exists, by namespace. Use [] for nothing.', examples: [[]] }),
  })
  .meta({
    title: 'Postern resources',
    description: 'Namespaces and hybrid connections that a relay serves.',
    examples: [{ namespaces: [] }],
  })

/** The same as a JSON schema (draft 2020-12), for editors and docs/reference/resources.schema.json. */
export function resourcesJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(declaredResourcesSchema, { io: 'input' })
}

type Context = z.core.$RefinementCtx

function report(context: Context, path: (string | number)[], message: string): void {
  context.addIssue({ code: 'custom', path, message })
}

function reportDuplicates(
  context: Context,
  names: readonly string[],
  pathOf: (at: number) => (string | number)[],
): void {
  const seen = new Set<string>()
  for (const [at, name] of names.entries()) {
    const plain = name.toLowerCase()
    if (seen.has(plain))
      report(context, pathOf(at), `"${name}" is there already; each may be named once, in upper or lower case`)
    seen.add(plain)
  }
}
