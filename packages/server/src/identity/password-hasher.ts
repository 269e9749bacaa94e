import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/** 32 MiB and about 80 ms of one core: RFC 7914 with the cost that OWASP asks for at the least. */
const cost = { N: 2 ** 15, r: 8, p: 1 } as const
const keyBytes = 32
const saltBytes = 16
/** scrypt must be told that it may have what its parameters need: 128 * N * r bytes and a little. */
const maxMemoryBytes = 64 * 1024 * 1024
/** Passwords are cut nowhere: longer ones are refused. */
export const maxPasswordLength = 1024

/**
 * Hashes passwords of people with scrypt, a few at a time: strangers who try many cost neither more memory nor more than
 * their share of the thread pool. Those who must wait too long are turned away.
 */
export class PasswordHasher {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Default: 2 at once, 32 waiting. */
  constructor({
    maxRunning = 2,
    maxWaiting = 32,
  }: { readonly maxRunning?: number; readonly maxWaiting?: number } = {}) {
    this.#maxRunning = maxRunning
    this.#maxWaiting = maxWaiting
  }

  /**
   * `scrypt$N$r$p$salt$hash`
   * @throws {RelayError} ServerBusy when too many wait
   */
  async hash(password: Secret): Promise<string> {
    const salt = randomBytes(saltBytes)
    const key = await this.#derive(password.reveal(), salt)
    return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
  }

  /**
   * Compares in constant time. No hash, or one of another kind, costs as much and never matches.
   * @throws {RelayError} ServerBusy when too many wait
   */
  async matches(password: Secret, hash: string | undefined): Promise<boolean> {
    const stored = parseHash(hash)
    const text = password.reveal()
    const isFit = text.length <= maxPasswordLength
    const key = await this.#derive(isFit ? text : '', stored?.salt ?? nobodysSalt)
    const isEqual = timingSafeEqual(key, stored?.key ?? randomBytes(keyBytes))
    return isEqual && stored !== undefined && isFit
  }

  async #derive(password: string, salt: Uint8Array): Promise<Buffer> {
    await this.#enter()
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        scrypt(password, salt, keyBytes, { ...cost, maxmem: maxMemoryBytes }, (error, key) => {
          if (error) reject(error)
          else resolve(key)
        })
      })
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#maxRunning) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new RelayError('ServerBusy', { message: 'Too many sign-ins at once' })
    }
    // The place is handed over by who leaves: `#running` stays as it is.
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running -= 1
  }
}

interface StoredHash {
  readonly salt: Buffer
  readonly key: Buffer
}

/** Only the present cost is known: a hash that asks for more than we would give is nobody's. */
function parseHash(hash: string | undefined): StoredHash | undefined {
  const [scheme, n, r, p, salt = '', key = ''] = hash?.split('$') ?? []
  if (scheme !== 'scrypt' || Number(n) !== cost.N || Number(r) !== cost.r || Number(p) !== cost.p) return undefined
  const stored = { salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
  return stored.key.length === keyBytes ? stored : undefined
}

const nobodysSalt = randomBytes(saltBytes)
