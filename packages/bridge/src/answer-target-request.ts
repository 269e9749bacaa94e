import type { RelayedConnection } from '@postern/client'
import { errorTable } from '@postern/protocol'
import type { RemoteTarget } from './forward-specification.ts'
import { encodePreambleReply, PreambleDecoder } from './preamble.ts'

/** A sender that has been accepted says its preamble at once; a silent one is not kept. */
const preambleTimeoutMs = 30_000

/** What {@link answerTargetRequest} tells, exactly one of the two, once. */
export interface TargetAnswerHandler {
  /** The sender wants this target; `first` came with the preamble. Open the connection again within this call. */
  onTarget(target: RemoteTarget, first: Uint8Array): void
  /** There is no connection to go on with; `reason` says why, and the sender was told. */
  onRefused(reason: string): void
}

/** Reads azbridge's preamble as the listener's end and finds the target that it names. The answer is up to the caller. */
export function answerTargetRequest(
  connection: RelayedConnection,
  targets: readonly RemoteTarget[],
  handler: TargetAnswerHandler,
): void {
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
    connection.fail(errorTable.TargetUnreachable.closeCode, reason)
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
      const target = findTarget(targets, portName)
      if (!target) {
        refuse(`no target has the port name "${portName}" (there are: ${namesOf(targets)})`)
      } else if (mode === 'datagram') {
        connection.send(encodePreambleReply('targetIsStream', mode))
        refuse(`the sender asks for UDP under the port name "${portName}", the target is TCP`)
      } else if (decide()) {
        handler.onTarget(target, read.rest)
      }
    },
    onEof: () => refuse('the sender has ended without a preamble'),
    onDrain: () => {},
    onClosed: () => refuse('the sender has gone'),
  })
}

/**
 * Finds the target for a port name. A single target serves every numeric name, since azbridge's default name is the
 * port number at the sender's end (observed: azbridge 693a395).
 */
export function findTarget(targets: readonly RemoteTarget[], portName: string): RemoteTarget | undefined {
  if (targets.length === 1 && /^\d+$/.test(portName)) return targets[0]
  return targets.find((target) => target.portName === portName)
}

function namesOf(targets: readonly RemoteTarget[]): string {
  return targets.map(({ portName }) => `"${portName}"`).join(', ')
}
