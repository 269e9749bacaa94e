import { RelayError } from '@postern/protocol'
import { z } from 'zod'

const sealed = z.string().startsWith('sealed.v1.')

const hybridConnectionSchema = z.strictObject({
  /** Host name of the namespace, in lower case. */
  host: z.string().min(1),
  /** Name of the hybrid connection. */
  path: z.string(),
  /** `manual`: added here, with a key of its own. `enrolled`: given by the relay, opened with this HCM's identity. */
  origin: z.enum(['manual', 'enrolled']),
  /** Port of the namespace where it is not 443; manual ones have it in their connection string. */
  port: z.int().min(1).max(65_535).optional(),
  /** With a secret: encrypted with the key of this machine. Only manual ones have it. */
  connectionString: sealed.optional(),
  /** `host:port` that the operator saw when it was added. */
  pinned: z.string().optional(),
  /** Changes of the endpoint are followed as far as the policy allows. */
  follow: z.boolean(),
  addedAt: z.iso.datetime(),
})

const identitySchema = z.strictObject({
  hcmId: z.string(),
  name: z.string(),
  clientId: z.string(),
  /** Management door. */
  endpoint: z.string(),
  relayScope: z.string(),
  managementScope: z.string(),
  /** PKCS #8, encrypted with the key of this machine. */
  privateKey: sealed,
})

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** Names this HCM as a listener, for life. */
  listenerId: z.guid(),
  policy: z.array(z.string()),
  identity: identitySchema.optional(),
  hybridConnections: z.array(hybridConnectionSchema),
})

/** Everything that a Hybrid Connection Manager keeps. */
export type HcmState = Readonly<z.infer<typeof stateSchema>>
/** A hybrid connection as it is kept. */
export type StoredHybridConnection = Readonly<HcmState['hybridConnections'][number]>
/** What this HCM is at a relay that it has joined. */
export type StoredIdentity = Readonly<NonNullable<HcmState['identity']>>

/** What is stored by a program that has never been run before. */
export function emptyState(listenerId: string): HcmState {
  return { version: 1, listenerId, policy: [], hybridConnections: [] }
}

/**
 * Reads the text of a state file. What is wrong is said without values: there are keys among them.
 *
 * @throws {RelayError} InvalidConfiguration with what to do.
 */
export function parseState(text: string, path: string): HcmState {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw brokenState(path, text.trim() === '' ? 'it is empty' : 'it is no JSON, or ends in the middle')
  }
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
  if (typeof version === 'number' && version > 1) {
    throw brokenState(path, `it is of version ${version} and was written by a newer hcm; run that one`)
  }
  const result = stateSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw brokenState(path, `${issue?.path.join('.') || 'the file'} is not as expected (${issue?.code ?? 'unknown'})`)
}

/** Writes what `parseState` reads. */
export function formatState(state: HcmState): string {
  return `${JSON.stringify(state, null, 2)}\n`
}

function brokenState(path: string, problem: string): RelayError {
  return new RelayError('InvalidConfiguration', {
    message:
      `The state file ${path} cannot be read: ${problem}. Nothing was changed. ` +
      'Put back a copy of it from a backup, or move it away and add the hybrid connections again',
  })
}
