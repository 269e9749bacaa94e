import type { IngressDoubt } from '../domain/ingress-doubts.ts'
import { nearestName } from './nearest-name.ts'

/** An entry may lead to a hybrid connection that the management API makes, later perhaps: one that nobody knows is no error. */
export function doubtHybridConnection(
  { hybridConnection }: { readonly hybridConnection: string },
  known: readonly string[],
): readonly IngressDoubt[] {
  const wanted = hybridConnection.toLowerCase()
  if (known.some((name) => name.toLowerCase() === wanted)) return []
  // In a name of two letters one that is wrong is too much for `nearestName`.
  const meant = nearestName(hybridConnection, known) ?? known.find((name) => isBeginning(name.toLowerCase(), wanted))
  const hint = meant === undefined ? '; make it, or devices are refused' : `; did you mean ${meant}?`
  return [{ key: 'hybridConnection', message: `the namespace has no hybrid connection ${hybridConnection}${hint}` }]
}

function isBeginning(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}
