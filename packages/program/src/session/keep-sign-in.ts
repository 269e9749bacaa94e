import { RelayError } from '@postern/protocol'
import { type Account, withAccount } from './account.ts'
import { AccountStore } from './account-store.ts'
import { onlySubscription } from './choose-subscription.ts'
import { configFolder } from './config-folder.ts'
import { tokenUser } from './sign-in.ts'

/** What a sign-in gave that is kept. */
export type SignIn = Pick<
  Account,
  'clientId' | 'kind' | 'refreshToken' | 'certificateFile' | 'accessToken' | 'expiresAtMs'
>

/** Keeps a sign-in as an account, which commands use from now on. */
export async function keepSignIn(
  signedIn: SignIn & {
    readonly endpoint: string
    readonly caFile?: string
    /** Default: host and port of the relay. */
    readonly name?: string
    /** Default: the only one there is. */
    readonly subscription?: string
  },
): Promise<Account> {
  const { createManagementClient } = await import('@postern/management')
  const { endpoint, accessToken = '' } = signedIn
  const client = createManagementClient({ endpoint, token: () => accessToken })
  const subscription = signedIn.subscription ?? (await onlySubscription(client).catch(noSubscription))
  const user = tokenUser(accessToken)
  const account: Account = {
    ...signedIn,
    name: signedIn.name ?? new URL(endpoint).host,
    ...(user !== undefined && { user }),
    ...(subscription !== undefined && { subscription }),
  }
  await new AccountStore(configFolder()).update(async (accounts) => {
    const kept = accounts.accounts.find(({ name }) => name === account.name)
    const group = kept?.group === undefined ? {} : { group: kept.group }
    return {
      accounts: withAccount({ ...accounts, current: account.name }, { ...group, ...account }),
      result: undefined,
    }
  })
  return account
}

/** Whoever may read nothing yet is signed in all the same. */
function noSubscription(error: unknown): undefined {
  if (error instanceof RelayError) return undefined
  throw error
}
