import { createManagementClient, type ManagementClient } from '@postern/management'
import { openSession, signInSomebody, trustCa } from '@postern/program'
import { isRelayError, RelayError } from '@postern/protocol'

/** How whoever adds hybrid connections signs in. */
export interface RelaySessionFlags {
  /** Management door; signs in there for this one command, and keeps nothing. */
  readonly endpoint?: string
  readonly ca?: string
  /** An account that `postern login` or `hcm login` has kept; default: the current one. */
  readonly account?: string
}

/**
 * Signs in at a relay: as the account that is kept, or by a code for this one command. Tokens are in this process alone
 * and go with it; the service never sees one.
 *
 * @throws {RelayError} AuthenticationMissing when nobody is signed in and no relay was named.
 */
export async function openRelaySession(flags: RelaySessionFlags): Promise<ManagementClient> {
  const { endpoint, account } = flags
  if (endpoint === undefined) {
    return openSession({ account }).then(
      ({ client }) => client,
      (error: unknown) => {
        if (!isRelayError(error, 'AuthenticationMissing')) throw error
        throw new RelayError('AuthenticationMissing', {
          message: 'Nobody is signed in',
          help: 'For this command only: --endpoint https://HOST:8444, the management door of the relay. To keep it: hcm login --endpoint https://HOST:8444',
        })
      },
    )
  }
  const ca = flags.ca ?? process.env['POSTERN_CA']
  if (ca) await trustCa(ca)
  const door = endpoint.replace(/\/+$/, '')
  const { accessToken = '' } = await signInSomebody(door)
  return createManagementClient({ endpoint: door, token: () => accessToken })
}
