/** What the server answered instead of a correct 101. */
export interface RefusedAnswer {
  readonly status: number
  /** The reason phrase. */
  readonly reason: string
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The first 8 KiB. */
  readonly body: string
}

/** The server did not upgrade. */
export class HandshakeRefused extends Error implements RefusedAnswer {
  override readonly name: string = 'HandshakeRefused'
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string

  constructor(message: string, answer: RefusedAnswer) {
    super(message)
    this.status = answer.status
    this.reason = answer.reason
    this.headers = answer.headers
    this.body = answer.body
  }
}
