import {
  type Endpoint,
  endpointOfMetadata,
  formatEndpoint,
  maxUserMetadataLength,
  parseEndpoint,
  RelayError,
  withMetadataEndpoint,
} from '@postern/protocol'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { ArmCall } from '../arm-call.ts'
import { refuseDeclared, writeDocument } from '../write-document.ts'
import type { FoundRelay } from './relay-reference.ts'
import type { WebParts } from './web-parts.ts'

/** Host and port as clients of Microsoft.Web send them. */
export interface EndpointBody {
  readonly hostname?: string | null | undefined
  /** 0: whatever the hybrid connection has. */
  readonly port?: number | null | undefined
}

/**
 * The endpoint of a hybrid connection that App Service can use.
 * @throws {RelayError} HybridConnectionNotUsable, saying what to do
 */
export function demandUsable({ namespace, entity }: FoundRelay): Endpoint {
  const name = `${namespace.name}/${entity.name}`
  if (!entity.requiresClientAuthorization) {
    throw new RelayError('HybridConnectionNotUsable', {
      message: `The hybrid connection ${name} lets senders in without a key; App Service takes only those that require client authorization. Delete it and create it with requiresClientAuthorization true`,
    })
  }
  const endpoint = endpointOfMetadata(entity.userMetadata)
  if (endpoint) return endpoint
  throw new RelayError('HybridConnectionNotUsable', {
    message: `The hybrid connection ${name} does not say which host and port it stands for. Set its userMetadata to [{"key":"endpoint","value":"HOST:PORT"}]`,
  })
}

/**
 * The endpoint that a body asks for, undefined when it is the one that stands.
 * @throws {RelayError} RequestContentInvalid
 */
export function wantedEndpoint(standing: Endpoint, { hostname, port }: EndpointBody): Endpoint | undefined {
  const text = formatEndpoint({ host: hostname || standing.host, port: port || standing.port })
  const wanted = parseEndpoint(text)
  if (!wanted) {
    throw new RelayError('RequestContentInvalid', {
      message: 'properties.hostname: must be a host name or address without a port, properties.port from 1 to 65535',
    })
  }
  const isSame = wanted.host.toLowerCase() === standing.host.toLowerCase() && wanted.port === standing.port
  return isSame ? undefined : wanted
}

/**
 * What an attach must hold before it may change the endpoint: it changes for every app that uses it.
 * @throws {RelayError} EndpointDiffers, AccessDenied, ResourceConflict when the resources file declares it
 */
export function demandEndpointChange(
  { documents }: Pick<WebParts, 'documents'>,
  call: Pick<ArmCall, 'demand'>,
  change: { readonly relay: FoundRelay; readonly isAttached: boolean; readonly endpoint: Endpoint },
): void {
  const { namespace, entity, id } = change.relay
  if (!change.isAttached) {
    const standing = endpointOfMetadata(entity.userMetadata)
    throw new RelayError('EndpointDiffers', {
      message: `The hybrid connection ${namespace.name}/${entity.name} stands for ${standing ? formatEndpoint(standing) : 'nothing'}, not for ${formatEndpoint(change.endpoint)}. Leave hostname and port out, or change its endpoint first`,
    })
  }
  call.demand('Microsoft.Relay/namespaces/hybridConnections/write', id)
  const stored = documents.get('hybridConnection', namespace.name, entity.name)
  if (stored) refuseDeclared(stored)
  checkMetadata(entity, change.endpoint)
}

/** Writes the endpoint where it is kept; both ends follow it. */
export async function writeEndpoint(parts: WebParts, { entity }: FoundRelay, endpoint: Endpoint): Promise<void> {
  await writeDocument(
    parts,
    { ifMatch: undefined, ifNoneMatch: undefined },
    {
      kind: 'hybridConnection',
      path: [entity.namespace, entity.name],
      make: (stored) => {
        if (!stored) throw new RelayError('EntityNotFound')
        const { value } = stored.document
        return { ...value, userMetadata: checkMetadata(value, endpoint), updatedAt: parts.now() }
      },
    },
  )
}

function checkMetadata({ userMetadata }: HybridConnection, endpoint: Endpoint): string {
  const changed = withMetadataEndpoint(userMetadata, endpoint)
  if (changed !== undefined && changed.length <= maxUserMetadataLength) return changed
  throw new RelayError('RequestContentInvalid', {
    message: `The userMetadata of the hybrid connection cannot hold this endpoint: it is a JSON list of at most ${maxUserMetadataLength} characters`,
  })
}
