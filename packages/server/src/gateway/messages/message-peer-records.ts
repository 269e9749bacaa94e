import type { ErrorCode } from '@postern/protocol'
import { principalName } from '../../auth/decision.ts'
import type { Admitted } from '../../messages/admittance.ts'
import type { MessagePeerEnd } from '../../messages/message-peer.ts'
import { toLogText } from '../../telemetry/log-text.ts'
import { allowedRecord, streamRecord } from '../audit-records.ts'
import type { RelayParts } from '../relay-parts.ts'
import type { MessageAction, MessageCall } from './message-admission.ts'

/** What is told of a streaming sender or subscriber: one record when it comes, one when it has gone. */
export class MessagePeerRecords {
  readonly #parts: RelayParts
  readonly #call: Pick<MessageCall, 'trackingId' | 'scope' | 'remote' | 'address'>
  readonly #action: MessageAction
  readonly #principal: Admitted['principal']
  readonly #beganMs = performance.now()

  constructor(parts: RelayParts, call: MessageCall, { principal }: Pick<Admitted, 'principal'>) {
    const { trackingId, scope, remote, address, action } = call
    this.#parts = parts
    // A subscriber stays for months: it keeps what it needs of the call, not the call.
    this.#call = { trackingId, scope, remote, address }
    this.#action = action
    this.#principal = principal
    parts.audit.record(allowedRecord({ call: this.#call, action, principal }))
    parts.log.debug(`${action}.began`, { trackingId, principal: principalName(principal), remote: remote.address })
  }

  /** @param deliveries to how many receivers the messages of a sender were written, all together */
  onClosed(end: MessagePeerEnd, deliveries?: number): void {
    const { code, reason, refused, messages, bytes } = end
    const action = this.#action
    if (refused !== undefined) this.#refused(refused, reason)
    const counts = deliveries === undefined ? `${messages} messages` : `${messages} messages, ${deliveries} deliveries`
    const isSubscriber = action === 'subscribe'
    const stream = {
      listener: '',
      bytesFromSender: isSubscriber ? 0 : bytes,
      bytesFromListener: isSubscriber ? bytes : 0,
      durationMs: Math.round(performance.now() - this.#beganMs),
      closeReason: `${counts}; ${code} ${toLogText(reason)}`.trim(),
    }
    const isWhole = refused === undefined && code !== 1006 && code !== 1013
    this.#parts.audit.record(
      streamRecord({ call: this.#call, action, principal: this.#principal }, { isWhole, stream }),
    )
    this.#parts.log.debug(`${action}.ended`, { trackingId: this.#call.trackingId, code, messages, bytes })
  }

  #refused(code: ErrorCode, reason: string): void {
    const refusal = { ...this.#call, code, reason, stage: this.#action, principal: this.#principal, wasAllowed: true }
    this.#parts.refusalLog.record(refusal)
  }
}
