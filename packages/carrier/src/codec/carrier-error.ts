/** Every way to break the carrier protocol that is found here. */
const violations = {
  CARRIER_FRAME_LENGTH: 'A frame has a length that its type does not allow',
  CARRIER_FRAME_TYPE: 'The type of a frame is unknown or not for this end',
  CARRIER_FRAME_STREAM: 'A frame names a stream that it cannot be for',
  CARRIER_FRAME_CONTENT: 'The content of a frame is not what its type says',
  CARRIER_HELLO_EXPECTED: 'The first frame is not a hello',
  CARRIER_HELLO_REPEATED: 'A second hello came',
  CARRIER_HELLO_LATE: 'The hello did not come in time',
  CARRIER_VERSION: 'No version of the carrier protocol is spoken by both ends',
  CARRIER_WRONG_LISTENER: 'The carrier leads to another listener than the streams',
  CARRIER_STREAM_NUMBER: 'The number of a new stream is not higher than those before',
  CARRIER_OFFSET: 'An offset leaves a gap, goes backwards or is ahead of what was sent',
  CARRIER_CREDIT: 'More was sent than was granted',
  CARRIER_FLOOD: 'The peer asks for more answers than it reads',
  CARRIER_SILENT: 'The peer has gone silent',
} as const

/** What the peer did wrong, for programs; the message is for people. */
export type CarrierErrorCode = keyof typeof violations

/** The peer broke the carrier protocol; the carrier ends with close code 1002, its streams may go on elsewhere. */
export class CarrierError extends Error {
  override readonly name: string = 'CarrierError'
  readonly code: CarrierErrorCode

  constructor(code: CarrierErrorCode) {
    super(violations[code])
    this.code = code
  }
}
