import { isRelayError, RelayError } from '@postern/protocol'

/**
 * `Connected`: at least one HCM has this hybrid connection and reaches the relay. `NotFound`: the relay has no such hybrid
 * connection, or refuses the key. `Discontinued`: a BizTalk hybrid connection.
 */
export type ConnectionStatus = 'Connected' | 'Disconnected' | 'NotFound' | 'Discontinued'

/** Whether the service behind the endpoint answers. `Unknown`: not tried, or not allowed to try. */
export type TargetState = 'Reachable' | 'Unreachable' | 'Unknown'

/** The part of the way that is broken. */
export type Hop = 'relay' | 'proxy' | 'entity' | 'token' | 'endpoint' | 'policy' | 'target'

/** What is wrong now, where, and what to do. */
export interface Problem {
  readonly hop: Hop
  readonly code: string
  readonly message: string
  readonly whatToDo: string
}

/** How one hybrid connection is doing, with the names that the commands of Microsoft's HCM print, and ours behind them. */
export interface HybridConnectionStatus {
  readonly Namespace: string
  readonly Name: string
  readonly Endpoint?: string
  readonly Status: ConnectionStatus
  readonly NumberOfListeners?: number
  readonly ServiceBusEndpoint: string
  readonly CreatedOn?: string
  readonly LastUpdated?: string
  readonly Since: string
  readonly Target: TargetState
  readonly TargetSince: string
  readonly LastSuccess?: string
  readonly LastError?: { readonly At: string; readonly Message: string }
  readonly Problem?: { readonly Hop: Hop; readonly Code: string; readonly Message: string; readonly WhatToDo: string }
  readonly Origin: 'manual' | 'enrolled'
  readonly Pinned?: string
  readonly Follow: boolean
  /** Connections that are open now, and all since the start of the service. */
  readonly Streams: number
  readonly StreamsTotal: number
  readonly BytesToRelay: number
  readonly BytesFromRelay: number
}

/** Says what BizTalk hybrid connections have come to. */
export const endOfLifeStatement =
  'BizTalk Hybrid Connections ended on May 31, 2018 and cannot be used any more. Make a hybrid connection of Azure Relay in its place and remove this one.'

const endpointHelp =
  'Say where it leads: postern relay hyco update -n NAME --namespace-name NAMESPACE -g GROUP --endpoint HOST:PORT'

/** Says where an error happened and what to do about it. */
export function problemOf(error: unknown, hop: Hop = hopOf(error)): Problem {
  const known = isRelayError(error) ? error : new RelayError('ConnectionFailed', { message: String(error) })
  return {
    hop,
    code: known.code,
    message: known.message.replaceAll(/\s+/g, ' ').trim(),
    whatToDo: hop === 'endpoint' ? endpointHelp : (known.help ?? ''),
  }
}

/** True when trying again will not help: the hybrid connection is gone, or the key is wrong. */
export function isRefusal(error: unknown): boolean {
  const hop = hopOf(error)
  return hop === 'entity' || hop === 'token'
}

function hopOf(error: unknown): Hop {
  if (!isRelayError(error)) return 'relay'
  switch (error.code) {
    case 'EndpointNotFound':
      return 'entity'
    case 'ProxyUnreachable':
    case 'ProxyAuthenticationRequired':
    case 'ProxyRefused':
    case 'ProxyConnectFailed':
      return 'proxy'
    case 'EndpointNotAllowed':
      return 'policy'
    case 'TargetUnreachable':
      return 'target'
    case 'ConnectionFailed':
    case 'ConnectTimeout':
    case 'ControlChannelLost':
      return 'relay'
    default:
      return error.httpStatus === 401 || error.httpStatus === 403 ? 'token' : 'relay'
  }
}
