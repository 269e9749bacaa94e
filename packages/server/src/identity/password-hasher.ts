import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/** With r = 8: 32 MiB and about 80 ms of one core. RFC 7914 */
const defaultCost = 2 ** 15
const [blockSize, parallelization] = [8, 1]
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
  readonly #cost: number
  readonly #maxRunning: number
  readonly #maxWaiting: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(
    options: {
      /** N of scrypt, a power of two. Default 32,768. */
      readonly cost?: number
      /** Default 2. */
      readonly maxRunning?: number
      /** Default 32. */
      readonly maxWaiting?: number
    } = {},
  ) {
    this.#cost = options.cost ?? defaultCost
    this.#maxRunning = options.maxRunning ?? 2
    this.#maxWaiting = options.maxWaiting ?? 32
  }

  /**
   * `scrypt$N$r$p$salt$hash`
   * @throws {RelayError} ServerBusy when too many wait
   */
  async hash(password: Secret): Promise<string> {
    const salt = randomBytes(saltBytes)
    const key = await this.#derive(password.reveal(), salt)
    const parameters = [this.#cost, blockSize, parallelization]
    return ['scrypt', ...parameters, salt.toString('base64url'), key.toString('base64url')].join('$')
  }

  /**
   * Compares in constant time. No hash, or one of another kind, costs as much and never matches.
   * @throws {RelayError} ServerBusy when too many wait
   */
  async matches(password: Secret, hash: string | undefined): Promise<boolean> {
    const stored = parseHash(hash, this.#cost)
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
        const parameters = { N: this.#cost, r: blockSize, p: parallelization, maxmem: maxMemoryBytes }
        scrypt(password, salt, keyBytes, parameters, (error, key) => {
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
function parseHash(hash: string | undefined, cost: number): StoredHash | undefined {
  const [scheme, n, r, p, salt = '', key = ''] = hash?.split('$') ?? []
  const isPresent = Number(n) === cost && Number(r) === blockSize && Number(p) === parallelization
  if (scheme !== 'scrypt' || !isPresent) return undefined
  const stored = { salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
  return stored.key.length === keyBytes ? stored : undefined
}

const nobodysSalt = randomBytes(saltBytes)
