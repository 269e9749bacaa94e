import { RelayError } from '@postern/protocol'
import { ListenerRefusal } from './listener-refusal.ts'

/** A header by which our sender names the port before anybody accepts, so that a listener that lacks it can say no. */
export const portNameHeader = 'Postern-Port-Name'

/** Room for a reason phrase; a CLOSE reason has less, so what matters stands in front. */
const maxCloseReasonBytes = 123

/** What a listener says when it lacks a port name: its own id, so that the sender can ask another one. */
export interface PortNameRefusal {
  readonly listenerId: string
  readonly portName: string
  /** The names that it has. */
  readonly known: readonly string[]
}

/** Says that a listener has no target of this name; read again by {@link UnknownPortName.read}. */
export function formatPortNameRefusal({ listenerId, portName, known }: PortNameRefusal): string {
  const names = known.map((name) => `"${name}"`).join(', ')
  return `listener ${listenerId} has no port name "${portName}" (there are: ${names})`
}

/** The same, cut to what fits the reason of a CLOSE. */
export function formatCloseReason(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= maxCloseReasonBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxCloseReasonBytes - 3)).replace(/\uFFFD+$/u, '')
}

const refusalForm = /listener ([0-9A-Za-z-]{1,64}) has no port name/

/** Thrown when a listener lacks the port name that was asked for. */
export class UnknownPortName extends ListenerRefusal {
  constructor(options: {
    readonly portName: string
    readonly trackingId?: string | undefined
    readonly message?: string
    readonly listenerId?: string
  }) {
    const { portName, message = `The far end has no target under the port name "${portName}"` } = options
    super({ message, trackingId: options.trackingId, listenerId: options.listenerId })
  }

  /** Recognises the refusal in what a rejected or closed connection said. */
  static read(error: Error, portName: string): UnknownPortName | undefined {
    const listenerId = refusalForm.exec(error.message)?.[1]
    if (listenerId === undefined) return undefined
    const trackingId = error instanceof RelayError ? error.trackingId : undefined
    return new UnknownPortName({ portName, message: error.message, listenerId, trackingId })
  }
}
