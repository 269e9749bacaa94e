import type { AccessToken, ManagementClient, TokenSource } from '@postern/management'
import { RelayError } from '@postern/protocol'
import { type Account, currentAccount, unknownAccount, withAccount } from './account.ts'
import { AccountStore } from './account-store.ts'
import { configFolder } from './config-folder.ts'
import { renewToken, signInServicePrincipal } from './sign-in.ts'
import { trustCa } from './trust-ca.ts'

/** Whom commands act as, at which relay, and their defaults. */
export interface Session {
  readonly client: ManagementClient
  readonly endpoint: string
  readonly subscription: string | undefined
  readonly group: string | undefined
}

/**
 * Opens a session: of the environment (POSTERN_CLIENT_ID and its secret, for CI) when it is set, else of the account.
 * @param name account; default: the current one
 * @throws {RelayError} InvalidConfiguration when nobody is signed in
 */
export async function openSession(
  options: { readonly account?: string | undefined; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Session> {
  const { createManagementClient } = await import('@postern/management')
  const { env = process.env } = options
  const settings = { subscription: env['POSTERN_SUBSCRIPTION'] || undefined, group: env['POSTERN_GROUP'] || undefined }
  if (env['POSTERN_CLIENT_ID'] && options.account === undefined) {
    const { endpoint, token } = await environmentSession(env)
    return { client: createManagementClient({ endpoint, token }), endpoint, ...settings }
  }
  const store = new AccountStore(configFolder(env))
  const account = await findAccount(store, options.account)
  if (account.caFile !== undefined) await trustCa(account.caFile)
  return {
    client: createManagementClient({ endpoint: account.endpoint, token: await accountToken(store, account) }),
    endpoint: account.endpoint,
    subscription: settings.subscription ?? account.subscription,
    group: settings.group ?? account.group,
  }
}

async function environmentSession(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly endpoint: string; readonly token: TokenSource }> {
  const { POSTERN_ENDPOINT: endpoint, POSTERN_CLIENT_ID: clientId = '', POSTERN_CLIENT_SECRET: clientSecret } = env
  const { POSTERN_CLIENT_CERTIFICATE: certificateFile, POSTERN_CA: ca } = env
  if (!endpoint || (!clientSecret && !certificateFile)) {
    throw new RelayError('InvalidConfiguration', {
      message:
        'POSTERN_CLIENT_ID is set: POSTERN_ENDPOINT is needed beside it, and POSTERN_CLIENT_SECRET or POSTERN_CLIENT_CERTIFICATE.',
    })
  }
  if (ca) await trustCa(ca)
  const { keepToken } = await import('@postern/management')
  const proof = clientSecret ? { clientSecret } : { certificateFile: certificateFile ?? '' }
  return { endpoint, token: keepToken(() => signInServicePrincipal({ endpoint, clientId, ...proof })) }
}

async function findAccount(store: AccountStore, name: string | undefined): Promise<Account> {
  const all = await store.read()
  const account = name === undefined ? currentAccount(all) : all.accounts.find((each) => each.name === name)
  if (account) return account
  throw unknownAccount(name)
}

/** The token that is kept, or a new one, which is kept for the next command. */
async function accountToken(store: AccountStore, { name, accessToken, expiresAtMs }: Account): Promise<TokenSource> {
  const { keepToken } = await import('@postern/management')
  const first = accessToken !== undefined && expiresAtMs !== undefined ? { accessToken, expiresAtMs } : undefined
  return keepToken(
    () =>
      // Inside the lock: another process may have renewed it while this one waited, and a refresh token is good once.
      store.update(async (accounts) => {
        const current = accounts.accounts.find((each) => each.name === name)
        const { accessToken: kept, expiresAtMs: end } = current ?? {}
        if (kept !== undefined && end !== undefined && kept !== accessToken && end > Date.now() + minLeftMs) {
          return { accounts, result: { accessToken: kept, expiresAtMs: end } }
        }
        const result = await renew(current)
        return { accounts: current ? withAccount(accounts, { ...current, ...result }) : accounts, result }
      }),
    first ? { first } : {},
  )
}

/** A token that another process has just got has nearly all of its hour left. */
const minLeftMs = 5 * 60_000

async function renew(account: Account | undefined): Promise<AccessToken> {
  const { isManagementError } = await import('@postern/management')
  const again = 'sign in again with `postern login`.'
  if (account === undefined)
    throw new RelayError('AuthenticationExpired', { message: `Nobody is signed in any more: ${again}` })
  try {
    const token = await renewToken(account)
    if (token) return token
  } catch (cause) {
    if (!isManagementError(cause, 'invalid_grant')) throw cause
    throw new RelayError('AuthenticationExpired', {
      message: `The sign-in of ${account.name} has ended: ${again}`,
      cause,
    })
  }
  const secret = 'A secret is never kept; in scripts set POSTERN_CLIENT_ID and POSTERN_CLIENT_SECRET instead.'
  throw new RelayError('AuthenticationExpired', {
    message: `The token of ${account.name} has ended: ${again} ${secret}`,
  })
}
