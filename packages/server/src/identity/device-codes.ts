import { randomBytes, randomInt } from 'node:crypto'
import { networkOf } from '../domain/network-of.ts'

/** Time to fetch a telephone, type a code and find a password. Azure's number. */
export const deviceCodeLifetimeMs = 15 * 60_000
/** How often a program may ask. Azure's number. */
export const pollIntervalMs = 5000
/** Programs measure time by clocks of their own: only who asks more than twice as often is told to slow down. */
const minPollIntervalMs = pollIntervalMs / 2

/** Sign-ins at once that wait for a person. */
const maxTotal = 5000
/** The same from one network; one more pushes out the oldest of this network. */
const maxPerNetwork = 50

/** Consonants and digits that look like nothing else and spell no words. RFC 8628 section 6.1 */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
/** 20 to the power of 8: with ten guesses in five minutes nobody finds one of five thousand in its lifetime. */
const userCodeLength = 8

/** A program that waits until a person has signed in for it at the device page. */
export interface DeviceRequest {
  readonly userCode: string
  /** Of the program, in lower case. */
  readonly clientId: string
  /** `aud` of the token that it wants. */
  readonly audience: string
  readonly scope: string
  /** It wants a refresh token too, with which it can ask for either plane later. */
  readonly staysSignedIn: boolean
  /** Where it runs. */
  readonly address: string
  readonly expiresAtMs: number
}

export type DevicePoll =
  | 'pending'
  | 'slowDown'
  | 'expired'
  | 'declined'
  | 'unknown'
  | { readonly request: DeviceRequest; readonly principalId: string; readonly credentialId: string }

interface Entry {
  readonly request: DeviceRequest
  readonly deviceCode: string
  readonly network: string
  answer: 'declined' | { readonly principalId: string; readonly credentialId: string } | undefined
  lastPollMs: number
}

/** The sign-ins at the device page that are under way, in memory: who waits during a restart begins again. RFC 8628 */
export class DeviceCodes {
  readonly #now: () => number
  readonly #byDeviceCode = new Map<string, Entry>()
  readonly #byUserCode = new Map<string, Entry>()
  /** In the order in which they began. */
  readonly #byNetwork = new Map<string, Set<Entry>>()

  constructor({ now = Date.now }: { readonly now?: () => number } = {}) {
    this.#now = now
  }

  /** Undefined when there is no room: too many wait already. */
  begin(
    wanted: Omit<DeviceRequest, 'userCode' | 'expiresAtMs'>,
  ): { readonly deviceCode: string; readonly userCode: string } | undefined {
    this.#sweep()
    const network = networkOf(wanted.address)
    const own = this.#byNetwork.get(network)
    const [oldest] = own ?? []
    if (oldest && own && own.size >= maxPerNetwork) this.#remove(oldest)
    if (this.#byDeviceCode.size >= maxTotal) return undefined
    const deviceCode = randomBytes(32).toString('base64url')
    const userCode = this.#newUserCode()
    const request = { ...wanted, userCode, expiresAtMs: this.#now() + deviceCodeLifetimeMs }
    const entry: Entry = { request, deviceCode, network, answer: undefined, lastPollMs: Number.NEGATIVE_INFINITY }
    this.#byDeviceCode.set(deviceCode, entry)
    this.#byUserCode.set(userCode, entry)
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? new Set()).add(entry))
    return { deviceCode, userCode }
  }

  /** What waits under a code as a person has typed it; undefined when nothing does, or it was answered. */
  find(userCode: string): DeviceRequest | undefined {
    return this.#open(userCode)?.request
  }

  /** False when nothing waits under this code any more. */
  answer(
    userCode: string,
    answer: 'declined' | { readonly principalId: string; readonly credentialId: string },
  ): boolean {
    const entry = this.#open(userCode)
    if (entry === undefined) return false
    entry.answer = answer
    // A code is good for one answer.
    this.#byUserCode.delete(entry.request.userCode)
    return true
  }

  /** What the program is told that asks; an answer is given out once. */
  poll(deviceCode: string, clientId: string): DevicePoll {
    const entry = this.#byDeviceCode.get(deviceCode)
    if (entry === undefined || entry.request.clientId !== clientId.toLowerCase()) return 'unknown'
    const now = this.#now()
    if (entry.request.expiresAtMs <= now) return 'expired'
    const isEarly = now - entry.lastPollMs < minPollIntervalMs
    entry.lastPollMs = now
    if (entry.answer === undefined) return isEarly ? 'slowDown' : 'pending'
    this.#remove(entry)
    return entry.answer === 'declined' ? 'declined' : { request: entry.request, ...entry.answer }
  }

  #open(userCode: string): Entry | undefined {
    const entry = this.#byUserCode.get(plainUserCode(userCode))
    return entry && entry.request.expiresAtMs > this.#now() ? entry : undefined
  }

  #newUserCode(): string {
    for (;;) {
      const code = Array.from({ length: userCodeLength }, () => alphabet[randomInt(alphabet.length)]).join('')
      if (!this.#byUserCode.has(code)) return code
    }
  }

  /** What has run out stays for as long again, so that its program is told so. */
  #sweep(): void {
    const before = this.#now() - deviceCodeLifetimeMs
    for (const entry of this.#byDeviceCode.values()) {
      // All have the same lifetime: whoever began later ends later.
      if (entry.request.expiresAtMs >= before) return
      this.#remove(entry)
    }
  }

  #remove(entry: Entry): void {
    const { deviceCode, network, request } = entry
    this.#byDeviceCode.delete(deviceCode)
    this.#byUserCode.delete(request.userCode)
    const own = this.#byNetwork.get(network)
    own?.delete(entry)
    if (own?.size === 0) this.#byNetwork.delete(network)
  }
}

/** `wdjb-mjht`, `WDJB MJHT` and `WDJBMJHT` are the same code. */
function plainUserCode(text: string): string {
  return text
    .slice(0, 32)
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
}

/** In two groups, easier to read and to type. */
export function spellUserCode(code: string): string {
  return `${code.slice(0, userCodeLength / 2)}-${code.slice(userCodeLength / 2)}`
}
