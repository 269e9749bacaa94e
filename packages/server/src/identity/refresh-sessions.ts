import { createHash, randomUUID } from 'node:crypto'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import type { RefreshSession } from '../domain/refresh-session.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceStore, StoredDocument } from '../storage/resource-store.ts'
import type { Directory } from './directory.ts'
import { generateSecret, hashSecret, secretMatches } from './secret-hash.ts'

const dayMs = 86_400_000
/** A session that nobody uses ends: who signed in on a machine that is given away need not remember it. */
const idleLifetimeMs = 14 * dayMs
/** A person shows the password again at the latest after this time. */
const wholeLifetimeMs = 90 * dayMs
/** How long the token before the newest still counts: an answer was lost, or two processes of a program share a cache. */
const graceMs = 60_000
/** Sessions of one principal; with one more the oldest ends. */
const maxPerPrincipal = 100
/** How often what has ended is swept up. */
const sweepIntervalMs = 3_600_000

/** `unknown`: made up, or of another client. `ended`: run out, or the principal or its credentials changed. */
export type RefreshProblem = 'unknown' | 'ended'

export interface RefreshSessionsOptions {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  readonly directory: Directory
  readonly now?: () => number
  /** A sweep has failed, and the next is in an hour; or sessions of a principal could not be ended. */
  readonly onError?: (error: unknown) => void
}

/**
 * The refresh tokens of people. Each is good once: its use gives the next one, and a token that was used before ends the
 * session, because then two hold it. Sessions live in the store, so that they outlast a restart.
 */
export class RefreshSessions {
  readonly #options: RefreshSessionsOptions
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  readonly #unsubscribe: () => void

  constructor(options: RefreshSessionsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#timer = setInterval(() => void this.#sweepLater(), sweepIntervalMs).unref()
    // Not only when one of them is used: whoever is enabled again signs in again.
    this.#unsubscribe = options.directory.onChange((id) => {
      if (options.directory.find(id)?.isEnabled === false) void this.#endAll(id)
    })
  }

  /** Begins a session and gives its first refresh token. */
  async begin(
    principal: DirectoryPrincipal,
    by: { readonly clientId: string; readonly credentialId: string },
  ): Promise<Secret> {
    const { store, documents } = this.#options
    const sessions = documents.list('refreshSession', principal.id).toSorted((a, b) => age(a) - age(b))
    for (const { key } of sessions.slice(0, Math.max(0, sessions.length - maxPerPrincipal + 1))) await store.delete(key)
    const secret = generateSecret()
    const now = this.#now()
    const credentialEnd = principal.credentials.find(({ id }) => id === by.credentialId)?.expiresAt?.getTime()
    const endsAtMs = Math.min(now + wholeLifetimeMs, credentialEnd ?? Number.POSITIVE_INFINITY)
    const session: RefreshSession = {
      id: randomUUID(),
      principalId: principal.id,
      clientId: by.clientId.toLowerCase(),
      secretHash: hashSecret(secret),
      credentialsStamp: stampOf(principal),
      expiresAt: new Date(Math.min(endsAtMs, now + idleLifetimeMs)),
      endsAt: new Date(endsAtMs),
      createdAt: new Date(now),
      updatedAt: new Date(now),
    }
    await store.put({ kind: 'refreshSession', value: session }, 'absent')
    return tokenOf(session, secret)
  }

  /** Exchanges a refresh token for the next one. */
  async refresh(
    token: Secret,
    clientId: string,
  ): Promise<{ readonly principal: DirectoryPrincipal; readonly next: Secret } | RefreshProblem> {
    const parts = parseToken(token)
    if (parts === undefined) return 'unknown'
    const copied = this.#options.documents.get('refreshSession', parts.principalId, parts.id)
    const first = copied && (await this.#exchange(copied, parts.secret, clientId))
    if (first !== 'retry') return first ?? 'unknown'
    // Two processes sent the same token at the same moment: for the second one it is the token before the newest.
    const stored = copied && (await this.#options.store.get(copied.key))
    if (stored?.document.kind !== 'refreshSession') return 'ended'
    const second = await this.#exchange(stored as StoredDocument<'refreshSession'>, parts.secret, clientId)
    return second === 'retry' ? 'ended' : second
  }

  /** Deletes the sessions that have ended. */
  async sweep(): Promise<void> {
    const { store, documents, directory } = this.#options
    for (const { key, document } of documents.list('refreshSession')) {
      const { principalId, expiresAt } = document.value
      if (expiresAt.getTime() <= this.#now() || !directory.find(principalId)) await store.delete(key)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unsubscribe()
  }

  async #exchange(
    stored: StoredDocument<'refreshSession'>,
    secret: Secret,
    clientId: string,
  ): Promise<{ readonly principal: DirectoryPrincipal; readonly next: Secret } | RefreshProblem | 'retry'> {
    const { store, directory } = this.#options
    const session = stored.document.value
    const isNewest = secretMatches(secret, session.secretHash)
    const isPrevious = session.previousHash !== undefined && secretMatches(secret, session.previousHash)
    if (session.clientId !== clientId.toLowerCase()) return 'unknown'
    const now = this.#now()
    const principal = directory.find(session.principalId)
    // Nobody guesses the ids of a session: who has them but no good secret holds a token that was used before.
    const isGood = isNewest || (isPrevious && session.updatedAt.getTime() + graceMs >= now)
    const isOver = !isGood || session.expiresAt.getTime() <= now
    if (isOver || !principal?.isEnabled || stampOf(principal) !== session.credentialsStamp) {
      await store.delete(stored.key)
      return 'ended'
    }
    const next = generateSecret()
    const renewed: RefreshSession = {
      ...session,
      secretHash: hashSecret(next),
      previousHash: session.secretHash,
      expiresAt: new Date(Math.min(session.endsAt.getTime(), now + idleLifetimeMs)),
      updatedAt: new Date(now),
    }
    try {
      await store.put({ ...stored.document, value: renewed }, { revision: stored.revision })
    } catch (error) {
      if (isRelayError(error, 'PreconditionFailed')) return 'retry'
      throw error
    }
    return { principal, next: tokenOf(session, next) }
  }

  /** What is used while this goes on comes too late: it asks for the revision that it has seen. */
  async #endAll(principalId: string): Promise<void> {
    const { store, documents, onError } = this.#options
    const expiresAt = new Date(this.#now())
    try {
      const doomed = documents.list('refreshSession', principalId)
      await Promise.all(
        doomed.map(({ document }) => store.put({ ...document, value: { ...document.value, expiresAt } })),
      )
    } catch (error) {
      onError?.(error)
    }
  }

  async #sweepLater(): Promise<void> {
    try {
      await this.sweep()
    } catch (error) {
      this.#options.onError?.(error)
    }
  }
}

function age({ document }: StoredDocument<'refreshSession'>): number {
  return document.value.updatedAt.getTime()
}

/** Changes with every credential that comes, goes or is replaced. */
function stampOf({ credentials }: DirectoryPrincipal): string {
  const hash = createHash('sha256')
  for (const id of credentials.map((credential) => credential.id).toSorted()) hash.update(id)
  return hash.digest('base64url')
}

/** `principal.session.secret` */
function tokenOf({ principalId, id }: RefreshSession, secret: Secret): Secret {
  return new Secret([principalId, id, secret.reveal()].join('.'))
}

function parseToken(token: Secret): { principalId: string; id: string; secret: Secret } | undefined {
  const match = /^([\da-f-]{36})\.([\da-f-]{36})\.([\w-]{43})$/.exec(token.reveal().slice(0, maxTokenLength))
  const [, principalId = '', id = '', secret = ''] = match ?? []
  return match === null ? undefined : { principalId, id, secret: new Secret(secret) }
}

const maxTokenLength = 256
