/** What a sender's end says of the caller in OPEN. docs/protocol/carrier.md "Context" */
export interface StreamContext {
  readonly trackingId?: string | undefined
  /** Address of the program that uses the tunnel. */
  readonly client?: string | undefined
}

/** A log line is not the place for more. */
const maxTextLength = 128

/** Printable ASCII: what stands in a log line cannot forge another one. */
const plainText = /^[\x20-\x7e]+$/

/** JSON without members that are not known. */
export function encodeStreamContext({ trackingId, client }: StreamContext): string {
  return JSON.stringify({ trackingId, client })
}

/** Reads what the peer said; whatever is wrong with it is left out. */
export function readStreamContext(text: string): StreamContext {
  if (!text.startsWith('{')) return {}
  try {
    const read = JSON.parse(text) as Readonly<Record<string, unknown>>
    return { trackingId: textOf(read['trackingId']), client: textOf(read['client']) }
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  const isText = typeof value === 'string' && value.length <= maxTextLength && plainText.test(value)
  return isText ? value : undefined
}
