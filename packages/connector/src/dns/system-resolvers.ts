import { readNameservers } from '../names/search-domains.ts'
import { formatSocketPlace, parseSocketPlace, type SocketPlace } from './socket-address.ts'

/**
 * The resolvers that are asked what is no endpoint: those that are named, else those of the system, read anew since
 * networks change. Never ourselves: that would go round for ever.
 */
export function systemResolvers(
  named: readonly string[],
  own: SocketPlace,
  readSystem: () => readonly string[] = readNameservers,
): () => readonly SocketPlace[] {
  const fixed = named.map((text) => parseSocketPlace(text, 'resolvers'))
  const isOwn = (place: SocketPlace): boolean => formatSocketPlace(place) === formatSocketPlace(own)
  return () => {
    const places = fixed.length > 0 ? fixed : readSystem().map((address) => ({ address, port: 53 }))
    return places.filter((place) => !isOwn(place))
  }
}
