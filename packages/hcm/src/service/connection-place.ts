import type { Secret } from '@postern/program'
import { parseConnectionString, RelayError } from '@postern/protocol'
import type { StoredHybridConnection } from '../state/hcm-state.ts'
import { endOfLifeStatement, type HybridConnectionStatus } from './status.ts'

/** The hybrid connection that a connection string names. @throws {RelayError} InvalidConnectionString */
export function placeOf(connectionString: Secret): { readonly host: string; readonly path: string } {
  const text = connectionString.reveal()
  // Their form is another one, and nothing but the host is of use.
  const bizTalkHost = /^Endpoint=\w+:\/\/([\w.-]+\.biztalk\.windows\.net)(?=[:/;]|$)/i.exec(text.trim())?.[1]
  if (bizTalkHost !== undefined) return { host: bizTalkHost.toLowerCase(), path: '' }
  const { endpoint, entityPath = '' } = parseConnectionString(text)
  const path = entityPath.replace(/^\/+|\/+$/g, '')
  if (path !== '') return { host: endpoint.host, path }
  throw new RelayError('InvalidConnectionString', {
    message: 'The connection string names no hybrid connection: add ;EntityPath=NAME',
  })
}

/** True for hosts of the service that came before Azure Relay's hybrid connections. */
export function isBizTalk(host: string): boolean {
  return host.endsWith('.biztalk.windows.net')
}

/** What is shown for a BizTalk hybrid connection. */
export function discontinuedStatus({ host, path, addedAt }: StoredHybridConnection): HybridConnectionStatus {
  return {
    Namespace: host.split('.')[0] ?? host,
    Name: path,
    Status: 'Discontinued',
    ServiceBusEndpoint: `sb://${host}/`,
    Since: addedAt,
    Target: 'Unknown',
    TargetSince: addedAt,
    Problem: {
      Hop: 'entity',
      Code: 'Discontinued',
      Message: endOfLifeStatement,
      WhatToDo: 'hcm remove it, and add a hybrid connection of Azure Relay.',
    },
    Origin: 'manual',
    Follow: false,
    Streams: 0,
    StreamsTotal: 0,
    BytesToRelay: 0,
    BytesFromRelay: 0,
  }
}
