import { hostname } from 'node:os'
import type { SecureContext } from 'node:tls'
import type { Logger } from '@postern/program'
import type { CertificatePair, CertificateSource } from './certificate-source.ts'
import { ChangeListeners } from './change-listeners.ts'
import { DevelopmentCa, type IssuedCertificate } from './development-ca.ts'
import {
  developmentCaFiles,
  exportDevelopmentCa,
  readDevelopmentCa,
  replaceDevelopmentCa,
} from './development-ca-files.ts'
import { isCertificateName, machineNames } from './machine-names.ts'
import { createServerContext, type TlsMinimum } from './server-context.ts'

export interface DevelopmentAuthorityOptions {
  /** The authority is kept in its `certificates` folder. Absent: a new one for every start, kept in memory only. */
  readonly dataDir?: string
  /** What others call this machine, a name or an address. */
  readonly publicHost?: string
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsMinimum
  readonly logger: Logger
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
}

/** Certificates are remade when they have less than this left: longer than any process should sleep. */
const renewBeforeMs = 30 * 86_400_000

const checkIntervalMs = 12 * 3_600_000

/** Host names with a certificate of their own at once. Strangers choose the names, so there must be an end. */
const maxCachedNames = 256

interface Leaf extends IssuedCertificate {
  readonly context: SecureContext
}

/**
 * Certificates of a private CA that is made on first start: for every name that a client asks for, and for the names
 * and addresses of this machine when it asks for none.
 */
export class DevelopmentAuthority implements CertificateSource {
  readonly caFile?: string
  readonly #options: DevelopmentAuthorityOptions
  readonly #now: () => number
  readonly #ownNames: readonly string[]
  readonly #changes = new ChangeListeners()
  readonly #byName = new Map<string, Promise<Leaf>>()
  #ca: DevelopmentCa | undefined
  #default: Leaf | undefined
  #check: NodeJS.Timeout | undefined

  constructor(options: DevelopmentAuthorityOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const publicHost = options.publicHost?.toLowerCase() ?? ''
    const names = isCertificateName(publicHost) ? [publicHost, ...machineNames()] : machineNames()
    this.#ownNames = [...new Set(names)]
    if (options.dataDir !== undefined) {
      this.caFile = developmentCaFiles(options.dataDir).caFile
    }
  }

  get caPem(): string {
    return started(this.#ca).certPem
  }

  get defaultCertificate(): CertificatePair {
    return started(this.#default)
  }

  /** @throws {RelayError} InvalidConfiguration when the data folder holds a broken authority */
  async start(): Promise<void> {
    this.#ca = await this.#openCa()
    this.#default = await this.#issue(this.#ownNames)
    this.#check = setInterval(() => void this.renew(), checkIntervalMs).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#check)
  }

  secureContextFor(servername: string | undefined): SecureContext | Promise<SecureContext> {
    const leaf = this.#leafFor(servername)
    return leaf instanceof Promise ? leaf.then(({ context }) => context) : leaf.context
  }

  /** It makes one for whoever is asked for. */
  hasName(): boolean {
    return true
  }

  pairFor(servername: string | undefined): CertificatePair | Promise<CertificatePair> {
    return this.#leafFor(servername)
  }

  onChange(callback: () => void): () => void {
    return this.#changes.add(callback)
  }

  /** Remakes the default certificate, and the authority before it, when its end is near. Called twice a day. */
  async renew(): Promise<void> {
    try {
      if (started(this.#ca).expiresAtMs - this.#now() <= renewBeforeMs) {
        this.#ca = await this.#openCa()
      }
      if (!this.#isFresh(started(this.#default))) {
        this.#default = await this.#issue(this.#ownNames)
        this.#changes.notify()
      }
    } catch (error) {
      this.#options.logger.error('certificates.renewal-failed', { error })
    }
  }

  #leafFor(servername: string | undefined): Leaf | Promise<Leaf> {
    const name = servername?.toLowerCase()
    const isOwn = name === undefined || this.#ownNames.includes(name) || !isCertificateName(name)
    return isOwn ? started(this.#default) : this.#leafOf(name)
  }

  async #leafOf(name: string): Promise<Leaf> {
    const pending = this.#byName.get(name)
    if (pending !== undefined) {
      this.#remember(name, pending)
      const leaf = await pending
      if (this.#isFresh(leaf)) {
        return leaf
      }
    }
    const made = this.#issue([name, ...this.#ownNames])
    this.#remember(name, made)
    made.catch(() => this.#byName.delete(name))
    return made
  }

  /** The name that was asked for longest ago goes first. */
  #remember(name: string, leaf: Promise<Leaf>): void {
    this.#byName.delete(name)
    this.#byName.set(name, leaf)
    const [oldest = name] = this.#byName.keys()
    if (this.#byName.size > maxCachedNames) {
      this.#byName.delete(oldest)
    }
  }

  #isFresh(leaf: IssuedCertificate): boolean {
    return leaf.expiresAtMs - this.#now() > renewBeforeMs
  }

  async #issue(names: readonly string[]): Promise<Leaf> {
    const issued = await started(this.#ca).issue(names, this.#now())
    return { ...issued, context: createServerContext(issued, this.#options.minVersion ?? 'TLSv1.2') }
  }

  async #openCa(): Promise<DevelopmentCa> {
    const { dataDir, logger } = this.#options
    const create = (): Promise<CertificatePair> => DevelopmentCa.createPair({ machine: hostname(), nowMs: this.#now() })
    if (dataDir === undefined) {
      return DevelopmentCa.open(await create())
    }
    let ca = await DevelopmentCa.open(await readDevelopmentCa(dataDir, create))
    if (ca.expiresAtMs - this.#now() <= renewBeforeMs) {
      logger.warn('certificates.development-ca-replaced', { caFile: this.caFile, expiredAt: new Date(ca.expiresAtMs) })
      const pair = await create()
      await replaceDevelopmentCa(dataDir, pair)
      ca = await DevelopmentCa.open(pair)
    }
    await exportDevelopmentCa(dataDir, ca.certPem)
    return ca
  }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error('the development authority was not started')
  }
  return value
}
