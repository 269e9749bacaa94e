import { createOpenSocket, type EntityFacts, readEntity } from '@postern/client'
import { broken, type Check, type Finding, fine, hopTable, notChecked } from '@postern/program'
import { errorTable, isRelayError, type RelayError } from '@postern/protocol'
import { findingOf, type RelayAccess, refusedByRight } from './relay-access.ts'

/** What was learned on the way. */
export interface LearnedEntity {
  facts?: EntityFacts
}

/** Whether the relay accepts the credential, and knows the hybrid connection: one question, two hops. */
export function entityChecks({ route, options }: RelayAccess, learned: LearnedEntity): readonly Check[] {
  const { host, port, path, tls, tokenProvider } = route
  const openSocket = createOpenSocket({ tls, proxy: options.proxy })
  let error: RelayError | undefined
  const who = tokenProvider?.keyName === undefined ? 'the credential' : `rule ${tokenProvider.keyName}`
  return [
    {
      hop: 'token',
      needs: ['upgrade'],
      run: async (signal): Promise<Finding> => {
        if (!tokenProvider) return notChecked('no token is sent, as there is no key')
        try {
          learned.facts = await readEntity({ host, port, path, tls, tokenProvider, openSocket }, signal)
          return fine(`the relay accepts ${who}`)
        } catch (thrown) {
          if (!isRelayError(thrown)) throw thrown
          error = thrown
          if (error.code === 'EndpointNotFound' || refusedByRight.has(error.code))
            return fine(`the relay accepts ${who}`)
          return judgeToken(error, who)
        }
      },
    },
    {
      hop: 'entity',
      needs: ['token'],
      run: () => {
        if (error?.code === 'EndpointNotFound') {
          return broken(
            `there is no hybrid connection "${path}" at ${host}`,
            `Check EntityPath and the host, or create it: postern relay hyco create -n ${path} ...`,
          )
        }
        if (error) return notChecked('not known, as the relay does not let this credential read about it')
        const listeners = learned.facts?.listenerCount
        return fine(`"${path}" exists${listeners === undefined ? '' : `, listeners now: ${listeners}`}`)
      },
    },
  ]
}

function judgeToken(error: RelayError, who: string): Finding {
  const { code } = error
  if (code === 'TokenExpired' || code === 'TokenNotYetValid') {
    return broken(
      `${error.message} (${who})`,
      `${errorTable[code].help} See the hop clock above; a ready-made signature must be made anew.`,
    )
  }
  if (code === 'TokenSignatureInvalid' || code === 'TokenRuleUnknown') {
    return broken(
      `the relay refuses ${who}: ${error.message}`,
      'Either the rule has no such name or its key is another one (rotated?): copy SharedAccessKeyName and SharedAccessKey again, for this namespace and hybrid connection.',
    )
  }
  return findingOf(error, hopTable.token.fix)
}
