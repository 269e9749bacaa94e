import { type ErrorEntry, errorTable } from '@postern/protocol'
import type { ManagementError } from './management-error.ts'

/** What to do about an error, from the table of errors; undefined for what it does not know. */
export function errorHelp({ code, status, message }: ManagementError): string | undefined {
  const own = ownHelp[code]
  if (own !== undefined) return own
  const entries: readonly ErrorEntry[] = Object.values(errorTable)
  const known = entries.filter((entry) => entry.armCode === code && entry.httpStatus === status)
  // Several errors have the same code in Azure Resource Manager: the text tells which.
  return (known.find((entry) => message.startsWith(entry.message)) ?? known[0])?.help
}

/** Errors that the relay did not send. */
const ownHelp: Readonly<Record<string, string>> = {
  ConnectionFailed:
    'Check address and port of the management door, and that its certificate authority is trusted: `postern login --ca FILE`, or NODE_EXTRA_CA_CERTS.',
  DeadlineExceeded: 'Try again; if it stays so, look at /readyz of the management door.',
  ReplyInvalid: 'Check that the endpoint is the management door of a relay, not its data door.',
  InsecureEndpoint: 'Tokens are sent over TLS alone, and to this machine itself.',
}
