/**
 * The name that stands for a host in a look-up. Names below `localhost` are this machine (RFC 6761 section 6.3), but many
 * resolvers do not know: the namespaces of a development relay are called so.
 */
export function lookupName(host: string): string {
  return /\.localhost\.?$/i.test(host) ? 'localhost' : host
}
