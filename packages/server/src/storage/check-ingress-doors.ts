import { formatIngressGrant, type IngressGrant } from '../domain/ingress-grant.ts'
import { invalidDeclaration } from './declaration-problem.ts'
import type { ParsedResources } from './parse-declared-resources.ts'

/** The ports of a relay's own doors. */
export interface RelayDoors {
  readonly dataPort: number
  readonly managementPort: number
  readonly privateDoor?: { readonly port: number } | undefined
}

/**
 * Looks for ingress entries that want a port that the relay itself has.
 * @throws {RelayError} InvalidConfiguration with all of them, a line each
 */
export function checkIngressDoors({ declaration, locate }: ParsedResources, doors: RelayDoors): void {
  const names = doorNames(doors)
  const problems = declaration.namespaces.flatMap(({ ingress = [] }, at) =>
    ingress.flatMap(({ port, protocol }, entryAt) => {
      const door = port === 0 || protocol === 'udp' ? undefined : names.get(port)
      if (door === undefined) return []
      const message = `is the port of the ${door} door; write another one here, or give the door another one (--${door}-port)`
      return [{ path: ['namespaces', at, 'ingress', entryAt, 'port'], message }]
    }),
  )
  if (problems.length > 0) throw invalidDeclaration(problems, locate)
}

/** What is doubtful about grants of the management API, a line each: a port that is named by itself and belongs to a door. */
export function doubtGrants(grants: readonly IngressGrant[], doors: RelayDoors): readonly string[] {
  const names = doorNames(doors)
  return grants.flatMap((grant) => {
    const door = grant.protocol === 'udp' || grant.last > grant.first ? undefined : names.get(grant.first)
    if (door === undefined) return []
    return [
      `--ingress-ports ${formatIngressGrant(grant)} grants the port of the ${door} door, which no entry can have; leave it out, or give the door another one (--${door}-port)`,
    ]
  })
}

function doorNames({ privateDoor, managementPort, dataPort }: RelayDoors): ReadonlyMap<number | undefined, string> {
  return new Map([
    [privateDoor?.port, 'private'],
    [managementPort, 'management'],
    [dataPort, 'data'],
  ])
}
