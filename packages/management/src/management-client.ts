import { Caller, type CallerOptions, type CallRequest } from './caller.ts'
import { type Deadline, withDeadline } from './deadline.ts'
import { readEvents, type ServerEvent } from './events.ts'
import { followOperation } from './long-running.ts'
import { type Operation, type OperationInput, operationTarget } from './operation.ts'
import { type Operations, operationTable } from './operations.ts'
import { readPages } from './pages.ts'
import { readJson } from './read-reply.ts'

export type OperationId = keyof Operations

type OperationWith<Mark> = {
  readonly [Id in OperationId]: (typeof operationTable)[Id] extends Mark ? Id : never
}[OperationId]

/** Operations that answer lists page by page. */
export type PagedOperationId = OperationWith<{ readonly isPaged: true }>
/** Operations that can answer before they are done. */
export type LongRunningOperationId = OperationWith<{ readonly isLongRunning: true }>
/** Operations that can answer with server-sent events. */
export type StreamOperationId = OperationWith<{ readonly isStream: true }>

/** Parameters, query and body of an operation. */
export type Input<Id extends OperationId> = Operations[Id]['input']
/** What an operation answers. */
export type Reply<Id extends OperationId> = Operations[Id]['reply']
/** One item of a list. */
export type Item<Id extends PagedOperationId> =
  Reply<Id> extends { readonly value: readonly (infer Each)[] } ? Each : unknown

/** What any call takes besides its operation's own. */
export interface CallSettings extends Deadline {
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the newest that this package knows. */
  readonly apiVersion?: string
}

/** An answer, and what If-Match of a write says so that it changes nothing else than what was read. */
export interface TaggedReply<Body> {
  readonly reply: Body
  /** Undefined where the relay gives none. */
  readonly etag: string | undefined
}

/** The arguments behind the operation's name: left out where nothing is needed. */
type CallArguments<Id extends OperationId> =
  // oxlint-disable-next-line typescript/no-empty-object-type
  {} extends Input<Id> ? [input?: Input<Id> & CallSettings] : [input: Input<Id> & CallSettings]

/** Calls the management API of one relay. Operations are named as in docs/reference/management-routes.md. */
export interface ManagementClient {
  /**
   * Calls an operation and gives its answer. It ends after `timeoutMs` (default a minute), retries included.
   * @throws {ManagementError}
   */
  call<Id extends OperationId>(id: Id, ...args: CallArguments<Id>): Promise<Reply<Id>>
  /** The same, and tells the ETag of what was answered. */
  callWithTag<Id extends OperationId>(id: Id, ...args: CallArguments<Id>): Promise<TaggedReply<Reply<Id>>>
  /** The same as `call`, and waits until what was begun is done; `timeoutMs` is for all of it. */
  callAndWait<Id extends LongRunningOperationId>(id: Id, ...args: CallArguments<Id>): Promise<Reply<Id>>
  /** Reads a list page by page; each page has a deadline of its own. */
  pages<Id extends PagedOperationId>(id: Id, ...args: CallArguments<Id>): AsyncGenerator<readonly Item<Id>[]>
  /** Reads a list item by item. */
  items<Id extends PagedOperationId>(id: Id, ...args: CallArguments<Id>): AsyncGenerator<Item<Id>>
  /** Follows a stream until `signal` ends it: a connection that breaks is made anew and goes on after the last event. */
  events<Id extends StreamOperationId>(id: Id, ...args: CallArguments<Id>): AsyncGenerator<ServerEvent>
  /** Any request at the management door, with token, retries and deadline. */
  request(request: Omit<CallRequest, 'signal'> & Deadline): Promise<RawReply>
}

/** An answer as it came. */
export interface RawReply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/**
 * Makes a client. It holds no connection and no timer between calls.
 * @throws {ManagementError} InsecureEndpoint
 */
export function createManagementClient(options: CallerOptions): ManagementClient {
  const caller = new Caller(options)
  const call = (id: OperationId, input: AnyInput = {}, wait?: 'wait'): Promise<unknown> =>
    withDeadline(input, async (signal) => {
      const request = requestOf(operationTable[id], input)
      const response = await caller.send({ ...request, signal })
      return wait ? followOperation(caller, { response, target: request.target }, signal) : readJson(response)
    })
  const pages = (id: OperationId, input: AnyInput = {}): AsyncGenerator<readonly unknown[]> =>
    readPages(caller, requestOf(operationTable[id], input), input)
  const client: UntypedClient = {
    call: (id, input) => call(id, input),
    callWithTag: (id, input = {}) =>
      withDeadline(input, async (signal) => {
        const response = await caller.send({ ...requestOf(operationTable[id], input), signal })
        return { reply: await readJson(response), etag: response.headers.get('etag') ?? undefined }
      }),
    callAndWait: (id, input) => call(id, input, 'wait'),
    pages,
    items: async function* (id, input) {
      for await (const page of pages(id, input)) yield* page
    },
    events: (id, input = {}) => readEvents(caller, requestOf(operationTable[id], input), input),
    request: ({ signal, timeoutMs, ...request }) =>
      withDeadline({ ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) }, async (within) => {
        const response = await caller.send({ ...request, signal: within })
        return { status: response.status, headers: response.headers, body: await readJson(response) }
      }),
  }
  return client as ManagementClient
}

type AnyInput = OperationInput & CallSettings

/** {@link ManagementClient} without the types of each operation, which only the compiler can tell apart. */
interface UntypedClient {
  call(id: OperationId, input?: AnyInput): Promise<unknown>
  callWithTag(id: OperationId, input?: AnyInput): Promise<TaggedReply<unknown>>
  callAndWait(id: OperationId, input?: AnyInput): Promise<unknown>
  pages(id: OperationId, input?: AnyInput): AsyncGenerator<readonly unknown[]>
  items(id: OperationId, input?: AnyInput): AsyncGenerator
  events(id: OperationId, input?: AnyInput): AsyncGenerator<ServerEvent>
  request: ManagementClient['request']
}

function requestOf(operation: Operation, input: AnyInput): Omit<CallRequest, 'signal'> {
  const { body, headers, apiVersion } = input
  return {
    method: operation.method,
    target: operationTarget(operation, input, apiVersion),
    ...(body !== undefined && { body }),
    ...(headers && { headers }),
  }
}
