import { RelayError } from '@postern/protocol'

/** One sign-in at one relay, as it is kept. There is no password in it. */
export interface Account {
  readonly name: string
  /** `https://host[:port]` of the management door. */
  readonly endpoint: string
  /** Absolute path of a PEM file with the certificate authority to trust. */
  readonly caFile?: string
  readonly clientId: string
  readonly kind: 'person' | 'servicePrincipal'
  /** What the relay calls whoever signed in. */
  readonly user?: string
  /** Of a person. */
  readonly refreshToken?: string
  /** Absolute path of the PEM file with which a service principal signs in by itself. */
  readonly certificateFile?: string
  /** The last access token: most commands need no other. */
  readonly accessToken?: string
  readonly expiresAtMs?: number
  /** What `--subscription` and `--resource-group` are when they are left out. */
  readonly subscription?: string
  readonly group?: string
}

/** Everything in the file of accounts. */
export interface Accounts {
  /** Name of the account that commands use. */
  readonly current?: string
  readonly accounts: readonly Account[]
}

/** Reads the file's text. @throws {RelayError} InvalidConfiguration */
export function parseAccounts(text: string, path: string): Accounts {
  try {
    const parsed: unknown = JSON.parse(text)
    if (!isAccounts(parsed)) throw new TypeError('there is no list of accounts in it')
    return parsed
  } catch (cause) {
    const message = `${path} is damaged (${(cause as Error).message}); delete it and sign in again`
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
}

function isAccounts(value: unknown): value is Accounts {
  const { accounts } = (value ?? {}) as { readonly accounts?: unknown }
  return Array.isArray(accounts) && accounts.every(isAccount)
}

function isAccount(value: unknown): value is Account {
  const { name, endpoint, clientId } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof name === 'string' && typeof endpoint === 'string' && typeof clientId === 'string'
}

/** The account that commands use. */
export function currentAccount({ current, accounts }: Accounts): Account | undefined {
  return accounts.find(({ name }) => name === current) ?? (current === undefined ? accounts[0] : undefined)
}

/** What is thrown when there is no such account, or none at all. */
export function unknownAccount(name: string | undefined): RelayError {
  return name === undefined
    ? new RelayError('AuthenticationMissing', { message: 'Nobody is signed in.' })
    : new RelayError('InvalidConfiguration', { message: `There is no account "${name}".` })
}

/** Accounts with one added, or put in place of the one with its name. */
export function withAccount(all: Accounts, account: Account): Accounts {
  const others = all.accounts.filter(({ name }) => name !== account.name)
  return { ...all, accounts: [...others, account].toSorted((a, b) => a.name.localeCompare(b.name)) }
}
