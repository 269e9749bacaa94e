import { randomUUID } from 'node:crypto'
import type { Secret } from '@postern/program'
import { isRelayError, RelayError } from '@postern/protocol'
import type { DirectoryPrincipal, PrincipalCredential } from '../domain/directory-principal.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceStore, StoredDocument } from '../storage/resource-store.ts'
import { readCredentialKey } from './credential-key.ts'
import { maxPasswordLength, type PasswordHasher } from './password-hasher.ts'
import { PrincipalIndex } from './principal-index.ts'
import { generateSecret, hashSecret } from './secret-hash.ts'

/** What a new principal is told apart by. */
export interface NewPrincipal {
  readonly kind: DirectoryPrincipal['kind']
  readonly displayName: string
  /** Needed for people; others may have one to sign in at the device page. */
  readonly signInName?: string
  /** Default: new ones. */
  readonly ids?: { readonly id: string; readonly clientId: string }
  /** A client secret to begin with. */
  readonly secret?: Secret
}

/** A name for people, and an end. */
export interface CredentialLabel {
  readonly displayName: string
  readonly expiresAt?: Date
}

/** Every sign-in tries all of them. */
export const maxCredentials = 10
/** Short enough to be guessed within the throttle's bounds would be too short. NIST SP 800-63B asks for 8. */
const minPasswordLength = 10

/** Everybody whom the built-in identity knows: look-ups in memory, writes through the store. */
export class Directory {
  readonly #store: ResourceStore
  readonly #documents: DocumentCopy
  readonly #passwords: PasswordHasher
  readonly #index: PrincipalIndex
  readonly #watchers = new Set<(id: string) => void>()
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(options: {
    readonly store: ResourceStore
    readonly documents: DocumentCopy
    readonly passwords: PasswordHasher
  }) {
    this.#store = options.store
    this.#documents = options.documents
    this.#passwords = options.passwords
    this.#index = new PrincipalIndex(options.documents, (id) => {
      for (const watcher of this.#watchers) watcher(id)
    })
  }

  get size(): number {
    return this.#index.size
  }

  /** By object id. */
  find(id: string): DirectoryPrincipal | undefined {
    return this.#index.byId(id)
  }

  findByClientId(clientId: string): DirectoryPrincipal | undefined {
    return this.#index.byClientId(clientId)
  }

  findBySignInName(name: string): DirectoryPrincipal | undefined {
    return this.#index.bySignInName(name)
  }

  /** In the order of their ids. */
  list(): readonly DirectoryPrincipal[] {
    return this.#documents.list('principal').map(({ document }) => document.value)
  }

  /** Calls back with the object id of each principal that was changed or deleted, until the returned function is called. */
  onChange(callback: (id: string) => void): () => void {
    this.#watchers.add(callback)
    return () => void this.#watchers.delete(callback)
  }

  /** @throws {RelayError} RequestMalformed for names that cannot be; ResourceConflict when the sign-in name is taken */
  create(wanted: NewPrincipal): Promise<DirectoryPrincipal> {
    const { kind, displayName, signInName, secret } = wanted
    checkDisplayName(displayName)
    if (signInName !== undefined) checkSignInName(signInName)
    else if (kind === 'user') throw malformed('A person needs a sign-in name.')
    return this.#exclusively(async () => {
      if (signInName !== undefined && this.findBySignInName(signInName)) {
        throw new RelayError('ResourceConflict', { message: `The sign-in name ${signInName} is taken.` })
      }
      const id = wanted.ids?.id ?? randomUUID()
      const now = new Date()
      const principal: DirectoryPrincipal = {
        id,
        clientId: kind === 'user' ? id : (wanted.ids?.clientId ?? randomUUID()),
        kind,
        displayName,
        ...(signInName !== undefined && { signInName }),
        credentials: secret ? [secretCredential(secret, { displayName: 'first secret' })] : [],
        isEnabled: true,
        createdAt: now,
        updatedAt: now,
      }
      await this.#store.put({ kind: 'principal', value: principal }, 'absent')
      return principal
    })
  }

  /** A disabled principal keeps everything, but cannot sign in, and its tokens count no more. */
  setEnabled(id: string, isEnabled: boolean): Promise<DirectoryPrincipal> {
    return this.#change(id, () => ({ isEnabled }))
  }

  /** @throws {RelayError} RequestMalformed for names that cannot be */
  setDisplayName(id: string, displayName: string): Promise<DirectoryPrincipal> {
    checkDisplayName(displayName)
    return this.#change(id, () => ({ displayName }))
  }

  /** False when there was none. */
  delete(id: string): Promise<boolean> {
    return this.#exclusively(async () => {
      const stored = this.#documents.get('principal', id)
      if (stored === undefined) return false
      return await this.#store.delete(stored.key)
    })
  }

  /** Makes a client secret. It is in the answer and nowhere else: only a hash is kept. */
  async addSecret(
    id: string,
    label: CredentialLabel,
  ): Promise<{ readonly credentialId: string; readonly secret: Secret }> {
    const secret = generateSecret()
    const credentialId = await this.addKnownSecret(id, secret, label)
    return { credentialId, secret }
  }

  /** The same for a secret that came from outside and has as many random bits. */
  addKnownSecret(id: string, secret: Secret, label: CredentialLabel): Promise<string> {
    return this.#addCredential(id, secretCredential(secret, label))
  }

  /**
   * Sets the password of a person, in place of the one before.
   * @throws {RelayError} RequestMalformed when it is too short or too long; ServerBusy when too many wait to be hashed
   */
  async setPassword(id: string, password: Secret): Promise<void> {
    const { length } = password.reveal()
    if (length < minPasswordLength || length > maxPasswordLength) {
      throw malformed(`A password has ${minPasswordLength} to ${maxPasswordLength} characters.`)
    }
    const hash = await this.#passwords.hash(password)
    const credential = { kind: 'password', hash, ...newCredential({ displayName: 'password' }) } as const
    await this.#change(id, ({ credentials }) => ({ credentials: [...credentials.filter(isNoPassword), credential] }))
  }

  /** Adds a certificate or public key in PEM form. @throws {RelayError} RequestMalformed when it is none that may sign */
  addKey(id: string, pem: string, label: CredentialLabel): Promise<string> {
    const { expiresAt, ...key } = readCredentialKey(pem)
    const ends = [expiresAt, label.expiresAt].filter((end) => end !== undefined).toSorted((a, b) => +a - +b)
    const [earliest] = ends
    const { displayName } = label
    const credential = newCredential({ displayName, ...(earliest && { expiresAt: earliest }) })
    return this.#addCredential(id, { kind: 'key', ...key, ...credential })
  }

  /** Takes all credentials away, puts one secret in their place and enables the principal. */
  async replaceCredentials(id: string, secret: Secret, label: CredentialLabel): Promise<void> {
    await this.#change(id, () => ({ credentials: [secretCredential(secret, label)], isEnabled: true }))
  }

  /** @throws {RelayError} EndpointNotFound when the principal has none of this id */
  async removeCredential(id: string, credentialId: string): Promise<void> {
    await this.#change(id, ({ credentials }) => {
      const left = credentials.filter((credential) => credential.id !== credentialId)
      if (left.length === credentials.length) throw missing(`The principal has no credential ${credentialId}.`)
      return { credentials: left }
    })
  }

  close(): void {
    this.#index.close()
    this.#watchers.clear()
  }

  async #addCredential(id: string, credential: PrincipalCredential): Promise<string> {
    checkDisplayName(credential.displayName)
    await this.#change(id, ({ credentials }) => {
      if (credentials.length >= maxCredentials) {
        throw new RelayError('ResourceConflict', {
          message: `The principal has ${maxCredentials} credentials already: remove one first.`,
        })
      }
      return { credentials: [...credentials, credential] }
    })
    return credential.id
  }

  #change(
    id: string,
    change: (principal: DirectoryPrincipal) => Partial<DirectoryPrincipal>,
  ): Promise<DirectoryPrincipal> {
    return this.#exclusively(async () => {
      for (let attempt = 1; ; attempt++) {
        const stored = await this.#read(id, attempt)
        const { value } = stored.document
        const changed = { ...value, ...change(value), updatedAt: new Date() }
        try {
          await this.#store.put({ ...stored.document, value: changed }, { revision: stored.revision })
          return changed
        } catch (error) {
          // Another node was quicker.
          if (!isRelayError(error, 'PreconditionFailed') || attempt >= maxAttempts) throw error
        }
      }
    })
  }

  /** From the copy; from the store itself when the copy was behind. */
  async #read(id: string, attempt: number): Promise<StoredDocument<'principal'>> {
    const copied = this.#documents.get('principal', id)
    if (copied === undefined) throw missing(`There is no principal ${id}.`)
    if (attempt === 1) return copied
    const stored = await this.#store.get(copied.key)
    if (stored?.document.kind !== 'principal') throw missing(`There is no principal ${id}.`)
    return stored as StoredDocument<'principal'>
  }

  /** One write after the other: of two that want the same name the second sees the first. */
  #exclusively<T>(write: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(write)
    this.#lastWrite = result.catch(() => {})
    return result
  }
}

const maxAttempts = 3

function newCredential({
  displayName,
  expiresAt,
}: CredentialLabel): Omit<PrincipalCredential, 'kind'> & CredentialLabel {
  return { id: randomUUID(), displayName, createdAt: new Date(), ...(expiresAt && { expiresAt }) }
}

function secretCredential(secret: Secret, label: CredentialLabel): PrincipalCredential {
  return { kind: 'password', hash: hashSecret(secret), ...newCredential(label) }
}

function isNoPassword(credential: PrincipalCredential): boolean {
  return credential.kind !== 'password' || !credential.hash.startsWith('scrypt$')
}

function checkDisplayName(name: string): void {
  if (!/^\P{Cc}{1,256}$/u.test(name)) throw malformed('A name has 1 to 256 characters, and no control characters.')
}

function checkSignInName(name: string): void {
  if (!/^[\w.@+-]{1,128}$/.test(name)) {
    throw malformed('A sign-in name has 1 to 128 letters, digits or characters of . @ + - _')
  }
}

function malformed(message: string): RelayError {
  return new RelayError('RequestMalformed', { message })
}

function missing(message: string): RelayError {
  return new RelayError('EndpointNotFound', { message })
}
