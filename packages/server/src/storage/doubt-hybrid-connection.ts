import type { IngressDoubt } from '../domain/ingress-doubts.ts'
import { nearestName } from './nearest-name.ts'

/** An entry may lead to a hybrid connection that the management API makes, later perhaps: one that nobody knows is no error. */
export function doubtHybridConnection(
  { hybridConnection }: { readonly hybridConnection: string },
  known: readonly string[],
): readonly IngressDoubt[] {
  const wanted = hybridConnection.toLowerCase()
  if (known.some((name) => name.toLowerCase() === wanted)) return []
  const meant = nearestName(hybridConnection, known)
  const hint = meant === undefined ? '; make it, or devices are refused' : `; did you mean ${meant}?`
  return [{ key: 'hybridConnection', message: `the namespace has no hybrid connection ${hybridConnection}${hint}` }]
}
