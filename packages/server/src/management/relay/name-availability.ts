import { namespaceNameProblem } from '@postern/protocol'
import type { ManagementParts } from '../management-parts.ts'

/** Azure's answer to whether a namespace can have a name. */
export interface NameAvailability {
  readonly nameAvailable: boolean
  readonly reason: 'None' | 'InvalidName' | 'NameInUse'
  readonly message: string | null
}

/** Tells whether a new namespace could have a name: whether it is one, and nobody has it or the host that it stands for. */
export function nameAvailability(
  { catalog, settings }: Pick<ManagementParts, 'catalog' | 'settings'>,
  name: string,
): NameAvailability {
  const problem = namespaceNameProblem(name)
  if (problem !== undefined) {
    return { nameAvailable: false, reason: 'InvalidName', message: `The name of a namespace ${problem}` }
  }
  const host = `${name}.${settings.baseDomain}`.toLowerCase()
  const answering = catalog.namespaceByHost(host)
  // By the public host clients of the default namespace come, and it answers for every host that no other one is named by.
  const isTaken = answering?.hosts.includes(host) === true || (answering && host === settings.publicHost)
  if (catalog.namespaceByName(name) || isTaken) {
    return { nameAvailable: false, reason: 'NameInUse', message: `The name ${name} is in use` }
  }
  return { nameAvailable: true, reason: 'None', message: null }
}
