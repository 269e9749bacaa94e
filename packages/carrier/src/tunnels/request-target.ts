import { errorTable, RelayError } from '@postern/protocol'
import { UnknownPortName } from './port-name-refusal.ts'
import { encodePreamble, type Preamble, type PreambleReply, PreambleReplyDecoder } from './preamble.ts'
import type { TunnelConnection } from './tunnel-connection.ts'

/** The far end dials its target before it answers; beyond this it is stuck. */
const replyTimeoutMs = 30_000

const refusals: Readonly<Record<Exclude<PreambleReply, 'accepted'>, string>> = {
  unknownVersion: 'The far end speaks another version of the bridge protocol',
  targetIsDatagram: 'The far end has a UDP target under this port name',
  targetIsStream: 'The far end has a TCP target under this port name',
}

/** What {@link requestTarget} tells about the answer, exactly one of the two, once. */
export interface TargetRequestHandler {
  /** The target is there. `first` came with the answer; open the connection again within this call. */
  onAccepted(first: Uint8Array): void
  /** The connection is over. */
  onRefused(error: Error): void
}

/**
 * Speaks azbridge's preamble as the sender's end: names the port, waits for the answer, hands the connection on.
 *
 * A far end that knows nothing of the name ends the connection without an answer (azbridge) or with a code and a
 * reason (ours); the error says which port name was asked for.
 */
export function requestTarget(connection: TunnelConnection, wanted: Preamble, handler: TargetRequestHandler): void {
  const decoder = new PreambleReplyDecoder(wanted.mode)
  let isDecided = false
  const timer = setTimeout(() => refuse('The far end has not answered the bridge preamble in time'), replyTimeoutMs)

  const decide = (): boolean => {
    if (isDecided) return false
    isDecided = true
    clearTimeout(timer)
    return true
  }
  const { trackingId } = connection
  const refuse = (message: string, cause?: Error): void =>
    refuseWith(new RelayError('TargetUnreachable', { message, cause, trackingId }))
  const refuseWith = (error: Error): void => {
    if (!decide()) return
    connection.abort()
    handler.onRefused(error)
  }

  connection.open({
    onData: (chunk) => {
      const read = isDecided ? undefined : decoder.push(chunk)
      if (!read) return
      if (read.reply === 'accepted') {
        if (decide()) handler.onAccepted(read.rest)
      } else {
        refuse(
          read.reply ? refusals[read.reply] : 'The far end does not speak the bridge protocol (framing "raw" there?)',
        )
      }
    },
    onEof: () => refuseWith(new UnknownPortName({ portName: wanted.portName, trackingId })),
    onDrain: () => {},
    onClosed: (error) => {
      const unknown = error && UnknownPortName.read(error, wanted.portName)
      if (unknown) refuseWith(unknown)
      else refuse(error?.message ?? errorTable.ConnectionFailed.message, error)
    },
  })
  for (const message of encodePreamble(wanted)) connection.send(message)
}
