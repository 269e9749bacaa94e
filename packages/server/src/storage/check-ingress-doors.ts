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
  const names = new Map<number | undefined, string>([
    [doors.privateDoor?.port, 'private'],
    [doors.managementPort, 'management'],
    [doors.dataPort, 'data'],
  ])
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
