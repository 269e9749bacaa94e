import { type ErrorCode, errorTable, RelayError } from '@postern/protocol'
import type { MessageReceipt } from './message-options.ts'

/** What the relay says to one message of a stream. */
export type MessageAnswer = { readonly receipt: MessageReceipt } | { readonly error: RelayError }

/** Reads `{"ack":{...}}` or `{"nack":{...}}`; undefined for anything else. docs/protocol/messages.md, "Sending many". */
export function readMessageAnswer(text: string): MessageAnswer | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { ack, nack } = membersOf(value)
  if (ack !== undefined && nack === undefined) return readAck(membersOf(ack))
  return nack !== undefined && ack === undefined ? readNack(membersOf(nack)) : undefined
}

function readAck({ receivers, id }: Members): MessageAnswer | undefined {
  if (!Number.isSafeInteger(receivers) || (receivers as number) < 0 || typeof id !== 'string') return undefined
  return { receipt: { receivers: receivers as number, messageId: id } }
}

function readNack({ status, code, reason }: Members): MessageAnswer | undefined {
  if (typeof status !== 'number' || !(status >= 400 && status <= 599) || typeof code !== 'string') return undefined
  const message = typeof reason === 'string' && reason !== '' ? { message: reason } : {}
  return { error: new RelayError(knownCode(code), { ...message, httpStatus: status }) }
}

/** A later relay may have codes that we do not know. */
function knownCode(code: string): ErrorCode {
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'InternalError'
}

type Members = Readonly<Record<string, unknown>>

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}
