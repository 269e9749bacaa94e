/** HMAC-SHA256 of a message under a key, both UTF-8: given by the caller, so that this package needs no crypto of its own. */
export type HmacSha256 = (key: string, message: string) => Uint8Array

/** A shared access signature, read but not verified. */
export interface SharedAccessSignature {
  /** `sr` exactly as it stands in the token, still encoded: the signature is over this text. */
  readonly resource: string
  /** `sig` decoded: base64. */
  readonly signature: string
  readonly expiresAtSeconds: number
  readonly keyName: string
  readonly stringToSign: string
}

const scheme = /^\s*(?:bearer\s+)?SharedAccessSignature\s+/i

/**
 * Reads `SharedAccessSignature sr=...&sig=...&se=...&skn=...`, parameters in any order, unknown ones ignored.
 * @returns undefined when a parameter is missing or double, or the text is something else
 */
export function parseSharedAccessSignature(text: string): SharedAccessSignature | undefined {
  const prefix = scheme.exec(text)
  if (prefix === null) return undefined
  const parameters = new Map<string, string>()
  for (const part of text.slice(prefix[0].length).trim().split('&')) {
    const equals = part.indexOf('=')
    if (equals < 0) return undefined
    const name = part.slice(0, equals).toLowerCase()
    if (parameters.has(name)) return undefined
    parameters.set(name, part.slice(equals + 1))
  }
  const resource = parameters.get('sr')
  const expiry = parameters.get('se')
  const signature = formDecode(parameters.get('sig'))
  const keyName = formDecode(parameters.get('skn'))
  if (!resource || !signature || !keyName || expiry === undefined || !/^\d{1,12}$/.test(expiry)) return undefined
  return { resource, signature, keyName, expiresAtSeconds: Number(expiry), stringToSign: `${resource}\n${expiry}` }
}

/** Makes a shared access signature for everything under `resourceUri`. */
export function createSharedAccessSignature(options: {
  /** For example `http://host/path`; scheme and port do not matter to a relay. */
  readonly resourceUri: string
  readonly keyName: string
  readonly key: string
  readonly expiresAtSeconds: number
  readonly hmacSha256: HmacSha256
}): string {
  const resource = encodeURIComponent(options.resourceUri)
  const signature = options.hmacSha256(options.key, `${resource}\n${options.expiresAtSeconds}`)
  const sig = encodeURIComponent(base64(signature))
  const skn = encodeURIComponent(options.keyName)
  return `SharedAccessSignature sr=${resource}&sig=${sig}&se=${options.expiresAtSeconds}&skn=${skn}`
}

/** Whether the signature was made with this key. Takes the same time for every wrong signature of the right length. */
export function signatureMatches(signature: SharedAccessSignature, key: string, hmacSha256: HmacSha256): boolean {
  const expected = base64(hmacSha256(key, signature.stringToSign))
  const given = signature.signature
  let difference = expected.length ^ given.length
  for (let i = 0; i < expected.length; i += 1) difference |= expected.charCodeAt(i) ^ given.charCodeAt(i % given.length)
  return difference === 0
}

/** Decodes `%` escapes and `+`, except that a plain `+` of unencoded base64 must stay. */
function formDecode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
