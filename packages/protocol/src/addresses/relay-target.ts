import { decodeForm, decodePercent, toUriPath, toUriQuery } from './percent-codec.ts'

/** What a request line asks the relay for. */
export interface RelayTarget {
  /** The path began with `/$hc/`: a WebSocket gesture of the protocol. */
  readonly isHybridConnection: boolean
  /** Entity and sub-path, percent-decoded once, without `/$hc` and the leading slash: for look-ups and audiences. */
  readonly path: string
  /** The same as typed, with a leading slash; only what no URI may hold is percent-encoded. */
  readonly rawPath: string
  /** The query as typed, without `?` and without any `sb-hc-*=` parameter; treated like `rawPath`. */
  readonly rawQuery: string
  /** `sb-hc-action` in lower case: listen, connect, accept, request, or something unknown. Missing means connect (observed). */
  readonly action: string
  readonly id?: string
  readonly token?: string
  readonly keyName?: string
  readonly key?: string
  /** A listener rejects with this status. 400 when it sent one that cannot be read. */
  readonly statusCode?: number
  readonly statusDescription?: string
}

/** Rejecting with a status that cannot be read is still rejecting. */
const defaultRejectStatus = 400

/**
 * Reads the target of a request line, undefined for one that has no path (`*`, `host:port`). It works on the raw text: URL
 * parsers change what they read, and the listener must get what the sender typed.
 * Hybrid Connections protocol, "Listener protocol" and "Sender protocol".
 *
 * Names of parameters are compared decoded and without regard to case, so that no spelling of `sb-hc-token` reaches a
 * listener; of several with the same name the last one counts.
 */
export function parseRelayTarget(requestTarget: string): RelayTarget | undefined {
  const origin = toOriginForm(requestTarget)
  if (origin === undefined) return undefined
  const mark = origin.indexOf('?')
  const wholePath = toUriPath(mark < 0 ? origin : origin.slice(0, mark))
  const { rawQuery, parameters, bareStatus } = splitQuery(mark < 0 ? '' : origin.slice(mark + 1))
  const isHybridConnection = hybridConnectionPrefix.test(wholePath)
  const rawPath = wholePath.replace(hybridConnectionPrefix, '') || '/'
  return {
    isHybridConnection,
    path: decodePercent(rawPath.slice(1)),
    rawPath,
    rawQuery,
    action: parameters.get('sb-hc-action')?.toLowerCase() ?? 'connect',
    ...nonEmpty('id', parameters.get('sb-hc-id')),
    ...nonEmpty('token', parameters.get('sb-hc-token')),
    ...nonEmpty('keyName', parameters.get('sb-hc-sas-key-name')),
    ...nonEmpty('key', parameters.get('sb-hc-sas-key')),
    ...readStatus(
      parameters.get('sb-hc-statuscode') ?? bareStatus.get('statuscode'),
      parameters.get('sb-hc-statusdescription') ?? bareStatus.get('statusdescription'),
    ),
  }
}

/** `$` arrives as it is from all clients; `%24` is the same path (RFC 3986 section 6.2.2.2 allows the difference). */
const hybridConnectionPrefix = /^\/(?:\$|%24)hc(?=\/|$)/i

const parameterPrefix = 'sb-hc-'

/** RFC 9112 section 3.2: the absolute form must be accepted too; the namespace is found by Host alone. */
function toOriginForm(requestTarget: string): string | undefined {
  if (requestTarget.startsWith('/')) return requestTarget
  const rest = /^https?:\/\/[^/?#]+(.*)$/is.exec(requestTarget)?.[1]
  if (rest === undefined) return undefined
  return rest.startsWith('/') ? rest : `/${rest}`
}

interface SplitQuery {
  readonly rawQuery: string
  /** Relay's own parameters: lower-case name, decoded value. */
  readonly parameters: ReadonlyMap<string, string>
  /** The old client's `statusCode` and `statusDescription`. */
  readonly bareStatus: ReadonlyMap<string, string>
}

/**
 * Takes out the relay's own parameters; one without `=` is the application's (observed: an official .NET test). The names
 * without prefix by which old clients reject count only behind `sb-hc-id`, where a listener appends them: before it rides
 * the sender's query, which may have a `statusCode` of its own.
 */
function splitQuery(query: string): SplitQuery {
  const kept: string[] = []
  const parameters = new Map<string, string>()
  const bareStatus = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? '' : decodeForm(part.slice(0, equals)).toLowerCase()
    if (name.startsWith(parameterPrefix)) {
      parameters.set(name, decodeForm(part.slice(equals + 1)))
      continue
    }
    kept.push(part)
    const isBareStatus = name === 'statuscode' || name === 'statusdescription'
    if (isBareStatus && parameters.has('sb-hc-id')) bareStatus.set(name, decodeForm(part.slice(equals + 1)))
  }
  return { rawQuery: toUriQuery(kept.join('&')), parameters, bareStatus }
}

function readStatus(
  code: string | undefined,
  description: string | undefined,
): Pick<RelayTarget, 'statusCode' | 'statusDescription'> {
  if (code === undefined) return {}
  const statusCode = /^[1-9]\d\d$/.test(code) ? Number(code) : defaultRejectStatus
  return { statusCode, ...(description !== undefined && { statusDescription: description }) }
}

function nonEmpty<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [Key in Name]?: string })
}
