import { RelayError } from '@postern/protocol'

/** Something broke after the message may have been delivered. */
export function unknownDelivery(cause: RelayError): RelayError {
  const message = `${cause.message}; it is not known whether the message arrived`
  return new RelayError('DeliveryUnknown', { message, cause })
}
