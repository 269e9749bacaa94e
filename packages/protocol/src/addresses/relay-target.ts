/** What the target of a request line asks of the relay. */
export interface RelayTarget {
  /** The path begins with `/$hc/`: a WebSocket address. */
  readonly isHybridConnection: boolean
  /** Entity and sub-path, percent-decoded once, no leading slash: for look-ups and audiences. */
  readonly path: string
  /** The path as typed, without `/$hc`, with its leading slash. */
  readonly rawPath: string
  /** The query as typed, without `?` and without its `sb-hc-` parameters. */
  readonly rawQuery: string
  /** `listen`, `connect`, `accept`, `request` or whatever was written; none means connect (observed). */
  readonly action: string
  readonly id?: string
  readonly token?: string
  readonly statusCode?: number
  readonly statusDescription?: string
}

/**
 * Reads the target of a request line as it was typed: no normalisation, because listeners must get the query as it was
 * sent.
 * @returns undefined when it is no absolute path (`*`, `host:port`)
 */
export function parseRelayTarget(requestTarget: string): RelayTarget | undefined {
  const typed = requestTarget.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')
  if (!typed.startsWith('/')) return undefined
  const question = typed.indexOf('?')
  const wholePath = question < 0 ? typed : typed.slice(0, question)
  const infix = /^\/(?:\$|%24)hc(?=\/|$)/i.exec(wholePath)
  const rawPath = infix === null ? wholePath : wholePath.slice(infix[0].length)
  const { parameters, rest } = splitQuery(question < 0 ? '' : typed.slice(question + 1))
  const statusCode = statusFrom(parameters.get('sb-hc-statuscode') ?? parameters.get('statuscode'))
  const statusDescription = parameters.get('sb-hc-statusdescription') ?? parameters.get('statusdescription')
  const id = parameters.get('sb-hc-id')
  const token = parameters.get('sb-hc-token')
  return {
    isHybridConnection: infix !== null,
    path: decodeSegments(rawPath).replace(/^\/+/, ''),
    rawPath: rawPath === '' ? '/' : rawPath,
    rawQuery: rest,
    action: (parameters.get('sb-hc-action') ?? 'connect').toLowerCase(),
    ...(id && { id }),
    ...(token && { token }),
    ...(statusCode !== undefined && { statusCode }),
    ...(statusDescription !== undefined && { statusDescription }),
  }
}

/** Parameters that rejecting clients write without the prefix; they stay in the query of anybody else. */
const barePrefixes = new Set(['statuscode', 'statusdescription'])

/** Takes out the `sb-hc-` parameters that have a `=`; everything else stays as typed, empty parts included (observed). */
function splitQuery(query: string): { readonly parameters: Map<string, string>; readonly rest: string } {
  const parameters = new Map<string, string>()
  const kept: string[] = []
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? '' : formDecode(part.slice(0, equals)).toLowerCase()
    const isOurs = name.startsWith('sb-hc-')
    if ((isOurs || barePrefixes.has(name)) && !parameters.has(name)) {
      parameters.set(name, decodeValue(name, part.slice(equals + 1)))
    }
    if (!isOurs) kept.push(part)
  }
  return { parameters, rest: kept.join('&') }
}

/** A token may come unencoded (.NET sample): its `+` is base64's own. Everything else is form-encoded. */
function decodeValue(name: string, value: string): string {
  return name === 'sb-hc-token' ? percentDecode(value) : formDecode(value)
}

function statusFrom(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{3}$/.test(text) ? Number(text) : undefined
}

function decodeSegments(path: string): string {
  return path.split('/').map(percentDecode).join('/')
}

function formDecode(text: string): string {
  return percentDecode(text.replace(/\+/g, ' '))
}

/** What is not valid UTF-8 in percent form stays as it is typed. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
