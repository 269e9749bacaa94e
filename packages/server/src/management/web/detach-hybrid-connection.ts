import { isRelayError, RelayError } from '@postern/protocol'
import type { App, AppDeployment, AppHybridConnection } from '../../domain/app.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import { partConditions } from '../part-conditions.ts'
import { writeDocument } from '../write-document.ts'
import { demandAttachment, findAttachment } from './attachments.ts'
import { deploymentsOf, findDeployment, pathOf, withDeployment } from './find-web-resource.ts'
import { relayIn } from './relay-reference.ts'
import type { WebParts } from './web-parts.ts'

/** @throws {RelayError} ResourceNotFound when it is not attached */
export async function detachHybridConnection(parts: WebParts, call: ArmCall): Promise<void> {
  demandAttachment(findDeployment(parts.documents, call.params), call.params)
  await writeDocument(parts, partConditions(call, { isThere: true }), {
    kind: 'app',
    path: pathOf(call.params),
    make: () => {
      const { app, slot, deployment } = findDeployment(parts.documents, call.params)
      const hybridConnections = without(deployment, call.params)
      return { ...withDeployment(app, slot, { hybridConnections }), updatedAt: parts.now() }
    },
  })
}

/** Detaches a hybrid connection from production and slots of these apps. False when none of them used it. */
export async function detachFromApps(
  parts: WebParts,
  call: ArmCall,
  apps: readonly StoredDocument<'app'>[],
): Promise<boolean> {
  const users = apps.filter((stored) =>
    deploymentsOf(stored).some(({ deployment }) => findAttachment(deployment, call.params)),
  )
  for (const { document } of users) {
    const { subscriptionId, resourceGroup, name } = document.value
    await writeDocument(
      parts,
      { ifMatch: undefined, ifNoneMatch: undefined },
      {
        kind: 'app',
        path: [subscriptionId, resourceGroup, name],
        make: (stored) => {
          if (!stored) throw new RelayError('ResourceNotFound')
          return withoutAnywhere(stored.document.value, call.params, parts.now())
        },
      },
    ).catch(ignoreMissing)
  }
  return users.length > 0
}

/** Who deleted an app meanwhile has detached it too. */
function ignoreMissing(error: unknown): void {
  if (!isRelayError(error, 'ResourceNotFound')) throw error
}

function withoutAnywhere(app: App, params: ArmCall['params'], now: Date): App {
  return {
    ...app,
    hybridConnections: without(app, params),
    slots: app.slots.map((slot) => ({ ...slot, hybridConnections: without(slot, params) })),
    updatedAt: now,
  }
}

function without({ hybridConnections }: AppDeployment, params: ArmCall['params']): readonly AppHybridConnection[] {
  const { namespace, name } = relayIn(params)
  const key = entityKey(namespace, name)
  return hybridConnections.filter((each) => entityKey(each.namespace, each.relayName) !== key)
}
