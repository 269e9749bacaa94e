import { type ErrorCode, RelayError } from '@postern/protocol'

/** Refusals that have to do with the one listener that was asked. */
const temporaryCodes = new Set<ErrorCode>(['TargetUnreachable', 'ServerBusy'])

/** Thrown when a listener does not lead to a target: another listener may. */
export class ListenerRefusal extends RelayError {
  /** Undefined when the listener has not said who it is (azbridge says nothing at all). */
  readonly listenerId: string | undefined
  /** It would lead there, and cannot now. */
  readonly isTemporary: boolean

  constructor(options: {
    readonly code?: ErrorCode
    readonly message: string
    readonly trackingId?: string | undefined
    readonly listenerId?: string | undefined
    readonly isTemporary?: boolean
  }) {
    const { code = 'TargetUnreachable', message, trackingId, listenerId, isTemporary = false } = options
    super(code, { message, ...(trackingId !== undefined && { trackingId }) })
    this.listenerId = listenerId
    this.isTemporary = isTemporary
  }

  /** What a stream was refused with, if another listener may be of more use. */
  static of({ code, message, trackingId }: RelayError, listenerId: string | undefined): ListenerRefusal | undefined {
    if (!temporaryCodes.has(code)) return undefined
    return new ListenerRefusal({ code, message, trackingId, listenerId, isTemporary: listenerId !== undefined })
  }
}
