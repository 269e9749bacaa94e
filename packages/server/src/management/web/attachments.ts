import { RelayError } from '@postern/protocol'
import type { AppDeployment, AppHybridConnection } from '../../domain/app.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { ArmCall } from '../arm-call.ts'
import type { FoundDeployment } from './find-web-resource.ts'
import { relayIn } from './relay-reference.ts'

type Params = ArmCall['params']

/** What of a deployment is attached to the hybrid connection that a path names. */
export function findAttachment({ hybridConnections }: AppDeployment, params: Params): AppHybridConnection | undefined {
  const { namespace, name } = relayIn(params)
  const key = entityKey(namespace, name)
  return hybridConnections.find((each) => entityKey(each.namespace, each.relayName) === key)
}

/** @throws {RelayError} ResourceNotFound */
export function demandAttachment(found: FoundDeployment, params: Params): AppHybridConnection {
  const attachment = findAttachment(found.deployment, params)
  if (attachment) return attachment
  const { namespace, name } = relayIn(params)
  throw new RelayError('ResourceNotFound', {
    message: `The hybrid connection '${namespace}/${name}' is not attached to ${found.id}`,
  })
}
