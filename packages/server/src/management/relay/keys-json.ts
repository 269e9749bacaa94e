import type { Secret } from '@postern/program'
import { formatConnectionString } from '@postern/protocol'
import type { AuthorizationRule } from '../../domain/authorization-rule.ts'
import { namespaceHost } from '../../domain/namespace-host.ts'
import type { ManagementParts } from '../management-parts.ts'
import type { RuleOwner } from './rule-owner.ts'

/** Keys and connection strings of a rule: the only answers that hold any. */
export function keysJson(
  { settings, dataPort }: Pick<ManagementParts, 'settings' | 'dataPort'>,
  { namespace, entityPath }: Pick<RuleOwner, 'namespace' | 'entityPath'>,
  { name, primaryKey, secondaryKey }: AuthorizationRule,
): unknown {
  const port = dataPort()
  const endpoint = { host: namespaceHost(namespace, settings), ...(port !== defaultPort && { port }) }
  const connectionString = (key: Secret): string =>
    formatConnectionString({
      endpoint,
      keyName: name,
      key: key.reveal(),
      ...(entityPath !== undefined && { entityPath }),
    })
  return {
    primaryConnectionString: connectionString(primaryKey),
    secondaryConnectionString: connectionString(secondaryKey),
    primaryKey: primaryKey.reveal(),
    secondaryKey: secondaryKey.reveal(),
    keyName: name,
  }
}

/** What clients take when a connection string names none; the pattern of Microsoft's HCM has no place for another. */
const defaultPort = 443
