import { encodePreambleReply, formatCloseReason, PreambleDecoder } from '@postern/carrier'
import type { RelayedConnection } from '@postern/client'
import { errorTable } from '@postern/protocol'
import type { SingleTarget } from '../forward.ts'

/** A sender that has been accepted says its preamble at once; a silent one is not kept. */
const preambleTimeoutMs = 30_000

/** What {@link answerTargetRequest} asks and tells; of the last two exactly one, once. */
export interface TargetAnswerHandler {
  /** Finds the target for a port name, or says why there is none. */
  find(portName: string): SingleTarget | string
  /** The sender wants this target; `first` came with the preamble. Open the connection again within this call. */
  onTarget(target: SingleTarget, first: Uint8Array): void
  /** There is no connection to go on with; `reason` says why, and the sender was told. */
  onRefused(reason: string): void
}

/** Reads azbridge's preamble as the listener's end and finds the target that it names. The answer is up to the caller. */
export function answerTargetRequest(connection: RelayedConnection, handler: TargetAnswerHandler): void {
  const decoder = new PreambleDecoder()
  let isDecided = false
  const timer = setTimeout(() => refuse('the sender has not sent its preamble'), preambleTimeoutMs)

  const decide = (): boolean => {
    if (isDecided) return false
    isDecided = true
    clearTimeout(timer)
    return true
  }
  const refuse = (reason: string): void => {
    if (!decide()) return
    connection.fail(errorTable.TargetUnreachable.closeCode, formatCloseReason(reason))
    handler.onRefused(reason)
  }

  connection.open({
    onData: (chunk) => {
      const read = isDecided ? undefined : decoder.push(chunk)
      if (!read) return
      if (!read.preamble) {
        connection.send(encodePreambleReply('unknownVersion', 'stream'))
        refuse('the sender speaks another version of the bridge protocol (or framing "raw")')
        return
      }
      const { mode, portName } = read.preamble
      const target = handler.find(portName)
      if (typeof target === 'string') {
        refuse(target)
      } else if (mode === 'datagram' && target.protocol !== 'udp') {
        connection.send(encodePreambleReply('targetIsStream', mode))
        refuse(`the sender asks for UDP under the port name "${portName}", the target is no UDP port`)
      } else if (mode === 'stream' && target.protocol === 'udp') {
        connection.send(encodePreambleReply('targetIsDatagram', mode))
        refuse(`the sender asks for a stream under the port name "${portName}", the target is a UDP port`)
      } else if (decide()) {
        handler.onTarget(target, read.rest)
      }
    },
    onEof: () => refuse('the sender has ended without a preamble'),
    onDrain: () => {},
    onClosed: () => refuse('the sender has gone'),
  })
}
