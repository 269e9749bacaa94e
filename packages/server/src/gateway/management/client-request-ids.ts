/** What clients of the management API call their requests; a text that could be anything else counts as none. */
export interface ClientRequestIds {
  /** The whole of a client's work. */
  readonly correlationId?: string
  /** This one request. */
  readonly clientRequestId?: string
}

export function clientRequestIds(headers: ClientHeaders): ClientRequestIds {
  const correlationId = headers['x-ms-correlation-request-id']
  const clientRequestId = headers['x-ms-client-request-id']
  return { ...(isId(correlationId) && { correlationId }), ...(isId(clientRequestId) && { clientRequestId }) }
}

type ClientHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

function isId(text: string | readonly string[] | undefined): text is string {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text)
}
