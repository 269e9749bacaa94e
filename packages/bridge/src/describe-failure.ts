import { type ErrorCode, RelayError } from '@postern/protocol'

/** Codes whose HTTP status nobody has sent: they happened on this side of the relay. */
const localCodes = new Set<ErrorCode>([
  'CertificateOutOfDate',
  'ConnectionFailed',
  'ConnectTimeout',
  'ControlChannelLost',
  'InvalidConfiguration',
  'InvalidConnectionString',
  'ProtocolViolation',
  'TargetUnreachable',
])

/** Statuses that have to do with the rule that a token was signed with. */
const ruleStatuses = new Set([401, 403])

/**
 * Says in one line what went wrong with which relay, and what to do about it.
 *
 * @param relayName name of the hybrid connection.
 * @param keyName authorization rule in use, named where it matters.
 * @example
 * describeFailure('db', 'listener', error)
 * // db: 401 The token has an invalid signature (rule listener). Check SharedAccessKey.
 */
export function describeFailure(relayName: string, keyName: string | undefined, error: unknown): string {
  if (!(error instanceof RelayError))
    return `${relayName}: ${oneLine(error instanceof Error ? error.message : String(error))}`
  const status = localCodes.has(error.code) ? '' : `${error.httpStatus} `
  const isOfSite = error.code === 'EndpointNotAllowed'
  const rule =
    keyName !== undefined && ruleStatuses.has(error.httpStatus) && status !== '' && !isOfSite
      ? ` (rule ${keyName})`
      : ''
  const { help } = error
  return `${relayName}: ${status}${oneLine(error.message).replace(/\.$/, '')}${rule}.${help ? ` ${oneLine(help)}` : ''}`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
