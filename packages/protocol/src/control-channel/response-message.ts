/** A listener's answer to an HTTP request. */
export interface ResponseMessage {
  readonly requestId: string
  readonly statusCode: number
  readonly statusDescription?: string
  readonly responseHeaders: Readonly<Record<string, string>>
  /** Whether one binary message with the body follows. */
  readonly body: boolean
}

export function encodeResponse(message: ResponseMessage): string {
  const { requestId, statusCode, statusDescription, responseHeaders, body } = message
  return JSON.stringify({ response: { requestId, statusCode, statusDescription, responseHeaders, body } })
}

/** Replaces the token of a control channel. */
export function encodeRenewToken(token: string): string {
  return JSON.stringify({ renewToken: { token } })
}
