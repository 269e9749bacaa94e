import { invalidDeclaration } from './declaration-problem.ts'
import type { ParsedResources } from './parse-declared-resources.ts'

/**
 * Looks for ingress entries that end TLS at a relay that has none.
 * @throws {RelayError} InvalidConfiguration with all of them, a line each
 */
export function checkIngressTls({ declaration, locate }: ParsedResources, relay: { readonly tls?: unknown }): void {
  if (relay.tls !== undefined) return
  const problems = declaration.namespaces.flatMap(({ ingress = [] }, at) =>
    ingress.flatMap(({ tls }, entryAt) =>
      tls === 'terminate' ? [{ path: ['namespaces', at, 'ingress', entryAt, 'tls'], message }] : [],
    ),
  )
  if (problems.length > 0) throw invalidDeclaration(problems, locate)
}

const message =
  'cannot be had from a relay that runs with --tls off: it has no certificates; run it with --tls on (and --certificates), or leave tls: terminate out and end TLS at the target, or in front'
