import { RelayError } from '@postern/protocol'

/** A name that Azure wants to be a GUID, in lower case. @throws {RelayError} RequestContentInvalid */
export function demandGuid(name: string, what: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(name)) return name.toLowerCase()
  throw new RelayError('RequestContentInvalid', {
    message: `The ${what} ID '${name.slice(0, 64)}' is not valid. It must be a GUID`,
  })
}
