/** What a streaming sender is told of one message. */
export type MessageAnswer =
  | { readonly ack: { readonly receivers: number; readonly id: string } }
  | { readonly nack: { readonly status: number; readonly code: string; readonly reason: string } }

/**
 * One answer as a text frame of a server, each byte a character of Latin-1: the answers of a turn become one buffer. All that
 * is in it is ASCII: numbers, GUIDs, and texts of the error table.
 */
export function writeAnswer(answer: MessageAnswer): string {
  const text =
    'ack' in answer
      ? `{"ack":{"receivers":${answer.ack.receivers},"id":"${answer.ack.id}"}}`
      : JSON.stringify({ nack: answer.nack })
  const { length } = text
  // RFC 6455 section 5.2: FIN and text, then the length.
  if (length < 126) return `\u{81}${String.fromCharCode(length)}${text}`
  return `\u{81}\u{7e}${String.fromCharCode(length >>> 8, length & 255)}${text}`
}
