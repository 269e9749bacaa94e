import { Secret } from '@postern/program'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWK_EC_Private,
} from 'jose'
import type { SigningKey } from '../domain/signing-key.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceChange, ResourceStore } from '../storage/resource-store.ts'

export interface SigningKeysOptions {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  /** Age at which a key is replaced. */
  readonly keyLifetimeMs: number
  /** How long the tokens live that it signed: an old key stays that long. */
  readonly tokenLifetimeMs: number
  readonly now?: () => number
  /** A timed rotation has failed; the next look is in an hour. */
  readonly onError?: (error: unknown) => void
}

interface OpenKey {
  readonly id: string
  readonly createdAtMs: number
  readonly publicJwk: JWK
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
}

/** How often the age of the keys is looked at. */
const checkIntervalMs = 3_600_000
/** Clocks of nodes differ: old keys stay this much longer than the last token. */
const skewMs = 300_000

/**
 * The keys of the built-in issuer. The newest one signs; older ones stay in the key set until the last token that they
 * signed has run out. Keys live in the store, so that every node signs with the same one: where two made a key at the same
 * moment, both stay and all agree on the newer.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  readonly #now: () => number
  readonly #keys = new Map<string, OpenKey>()
  readonly #unsubscribe: () => void
  #opening: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  private constructor(options: SigningKeysOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#unsubscribe = options.documents.onChange((change) => this.#follow(change))
  }

  /** Opens the keys that are there and makes one when there is none that may sign. */
  static async open(options: SigningKeysOptions): Promise<SigningKeys> {
    const keys = new SigningKeys(options)
    try {
      for (const { document } of options.documents.list('signingKey')) await keys.#add(document.value)
      await keys.maintain()
    } catch (error) {
      keys.close()
      throw error
    }
    keys.#timer = setInterval(() => void keys.#maintainLater(), checkIntervalMs).unref()
    return keys
  }

  /** The key that signs now, with its id. */
  get current(): { readonly id: string; readonly privateKey: CryptoKey } {
    const [newest] = this.#newestFirst()
    if (newest === undefined) throw new Error('There is no signing key.')
    return newest
  }

  /** The public key of this id; undefined when it is unknown or was dropped. */
  find(id: string): CryptoKey | undefined {
    return this.#keys.get(id)?.publicKey
  }

  /** The key set as `jwks_uri` serves it, newest first. */
  jwks(): { readonly keys: readonly JWK[] } {
    return { keys: this.#newestFirst().map(({ publicJwk }) => publicJwk) }
  }

  /**
   * Makes a new key at once. `revoke` also drops all others: every token that was signed before counts no more.
   * @returns the id of the new key
   */
  async rotate({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<string> {
    const id = await this.#create()
    if (revoke) {
      for (const other of [...this.#keys.keys()].filter((key) => key !== id)) await this.#drop(other)
    }
    return id
  }

  /** Replaces a key that is too old, and drops those whose last token has run out. */
  async maintain(): Promise<void> {
    await this.#opening
    const [newest] = this.#newestFirst()
    const { keyLifetimeMs, tokenLifetimeMs } = this.#options
    if (newest === undefined || this.#now() - newest.createdAtMs >= keyLifetimeMs) await this.#create()
    const keys = this.#newestFirst()
    for (const [at, key] of keys.entries()) {
      const successor = keys[at - 1]
      if (successor && this.#now() - successor.createdAtMs > tokenLifetimeMs + skewMs) await this.#drop(key.id)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unsubscribe()
  }

  async #maintainLater(): Promise<void> {
    try {
      await this.maintain()
    } catch (error) {
      this.#options.onError?.(error)
    }
  }

  async #create(): Promise<string> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const jwk = await exportJWK(privateKey)
    const id = await calculateJwkThumbprint(jwk)
    const createdAt = new Date(this.#now())
    const value = {
      id,
      algorithm,
      privateJwk: new Secret(JSON.stringify(jwk)),
      createdAt,
      updatedAt: createdAt,
    } as const
    await this.#options.store.put({ kind: 'signingKey', value }, 'absent')
    // The store reports the change before it resolves; the key is open when this is done.
    await this.#opening
    return id
  }

  async #drop(id: string): Promise<void> {
    const stored = this.#options.documents.get('signingKey', id)
    if (stored) await this.#options.store.delete(stored.key)
  }

  #follow(change: ResourceChange): void {
    if (change.kind === 'put') {
      const { document } = change.stored
      if (document.kind === 'signingKey') this.#opening = this.#opening.then(() => this.#addUnlessGone(document.value))
    } else if (change.previous.document.kind === 'signingKey') {
      this.#keys.delete(change.previous.document.value.id)
    }
  }

  async #addUnlessGone(key: SigningKey): Promise<void> {
    try {
      await this.#add(key)
    } catch (error) {
      this.#options.onError?.(error)
    }
    if (!this.#options.documents.get('signingKey', key.id)) this.#keys.delete(key.id)
  }

  async #add({ id, privateJwk, createdAt }: SigningKey): Promise<void> {
    const jwk = JSON.parse(privateJwk.reveal()) as JWK_EC_Private
    const { crv, x, y } = jwk
    const publicJwk = { kty: 'EC', crv, x, y, kid: id, use: 'sig', alg: algorithm } as const
    const [publicKey, privateKey] = await Promise.all([importJWK(publicJwk, algorithm), importJWK(jwk, algorithm)])
    this.#keys.set(id, {
      id,
      createdAtMs: createdAt.getTime(),
      publicJwk,
      publicKey,
      privateKey: privateKey as CryptoKey,
    })
  }

  #newestFirst(): readonly OpenKey[] {
    return [...this.#keys.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1))
  }
}

const algorithm = 'ES256'
