import type { z } from 'zod'
import type { Caller } from '../domain/caller.ts'
import type { Route } from './route.ts'

/** One authorised call, as a handler gets it. */
export interface ArmCall<Body = unknown> {
  readonly route: Route
  /** Decoded path parameters by their name in the template; spelt as the client spelt them. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Empty for routes without versions. */
  readonly apiVersion: string
  readonly body: Body
  /** Whoever signed in; for routes that strangers may call, nobody. */
  readonly caller: Caller | undefined
  /** Whether the caller may also do this: for lists that show each caller what is his, and for second permissions. */
  readonly may: (action: string, scope: string) => boolean
  /** @throws {RelayError} AccessDenied, naming action and scope */
  readonly demand: (action: string, scope: string) => void
  /** `https://host[:port]` as the client wrote it, for links that it follows. */
  readonly origin: string
  /** Path and query as they came, for links to the next page. */
  readonly url: string
  readonly requestId: string
  /** Source address in canonical form. */
  readonly address: string
  /** Header values as sent: `"revision"` or `*`. */
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /** The Last-Event-ID of a client that resumes a stream. */
  readonly lastEventId: string | undefined
  readonly accept: string
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** What a handler answers. */
export interface ArmReply {
  readonly status: number
  /** Becomes JSON; absent for an empty answer. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of a body: server-sent events, one text each, until the iteration ends or the client goes away. */
  readonly events?: AsyncIterable<string>
}

export type ArmHandler<Body = unknown> = (call: ArmCall<Body>) => ArmReply | Promise<ArmReply>

/** A handler for each route of a list: one that is missing, or takes another body, does not compile. */
export type ArmHandlers<Routes extends readonly Route[]> = {
  readonly [Row in Routes[number] as Row['id']]: ArmHandler<
    Row extends { readonly body: z.ZodType<infer Body> } ? Body : undefined
  >
}

/** Answers 200 with a body. */
export function ok(body: unknown, headers?: Readonly<Record<string, string>>): ArmReply {
  return { status: 200, body, ...(headers && { headers }) }
}
