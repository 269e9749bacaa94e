import type { Logger } from '@postern/program'
import type { ClientAssertions } from '../client-assertion.ts'
import type { DeviceCodes } from '../device-codes.ts'
import type { Directory } from '../directory.ts'
import type { RefreshSessions } from '../refresh-sessions.ts'
import type { SignIn } from '../sign-in.ts'
import type { SignInThrottle } from '../sign-in-throttle.ts'
import type { SigningKeys } from '../signing-keys.ts'
import type { TokenAudiences } from '../token-audiences.ts'
import type { TokenIssuer } from '../token-issuer.ts'
import type { SignInEvent } from './identity-request.ts'
import type { OwnHosts } from './own-hosts.ts'

/** What the identity endpoints work with. */
export interface IdentityParts {
  readonly signIn: SignIn
  readonly assertions: ClientAssertions
  readonly directory: Directory
  readonly deviceCodes: DeviceCodes
  /** Bounds how often codes are guessed at the device page. */
  readonly codeThrottle: SignInThrottle
  readonly sessions: RefreshSessions
  readonly keys: SigningKeys
  readonly issuer: TokenIssuer
  readonly audiences: TokenAudiences
  readonly ownHosts: OwnHosts
  readonly onSignIn: (event: SignInEvent) => void
  readonly log: Logger
}
