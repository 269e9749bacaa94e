/** What {@link mapRequestPath} takes away and puts in front. */
export interface PathMapping {
  /** Name of the hybrid connection, with which every path begins. */
  readonly relayName: string
  /** With a slash at both ends. */
  readonly basePath: string
}

/**
 * Maps the target of a relayed request to that of the request behind it, as azbridge does: the name of the hybrid
 * connection is taken away, the base path is put in front. Unlike azbridge it leaves escapes as they are.
 *
 * @returns undefined when dots would lead out of the base path.
 * @example
 * mapRequestPath('/web/a/b?q=1', { relayName: 'web', basePath: '/v2/' }) // '/v2/a/b?q=1'
 */
export function mapRequestPath(url: string, { relayName, basePath }: PathMapping): string | undefined {
  const [, path = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(url) ?? []
  const prefix = `/${relayName}`
  const isBelow = path.toLowerCase().startsWith(prefix.toLowerCase()) && /^(?:\/|$)/.test(path.slice(prefix.length))
  const rest = (isBelow ? path.slice(prefix.length) : path).replace(/^\/+/, '')
  for (const segment of rest.split(/[/\\]|%2f|%5c/i)) {
    const plain = segment.replaceAll(/%2e/gi, '.')
    if (plain === '.' || plain === '..') return undefined
  }
  const mapped = `${basePath}${rest}${query}`
  return /^[\x21-\x7e]+$/.test(mapped) ? mapped : undefined
}
