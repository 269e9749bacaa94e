import { RelayError } from '@postern/protocol'
import type { IngressEntry } from '../../domain/ingress-entry.ts'
import type { Namespace } from '../../domain/namespace.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmHandlers, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { deleteDocument } from '../write-document.ts'
import { parentNamespace } from './find-namespace.ts'
import { ingressJson, type ShownState } from './ingress-json.ts'
import type { ingressRoutes } from './ingress-routes.ts'
import { writeIngress } from './write-ingress.ts'

export function ingressHandlers(parts: ManagementParts): ArmHandlers<typeof ingressRoutes> {
  const { documents, ingress } = parts
  const stateOf = (namespace: Namespace, { name }: IngressEntry): ShownState => ({
    problem: ingress.problemOf(namespace.name, name),
    boundPort: ingress.portOf(namespace.name, name),
  })
  const declaredJson = (namespace: Namespace, entry: IngressEntry): unknown =>
    ingressJson(namespace, { entry, managed: undefined, ...stateOf(namespace, entry) })
  const managedJson = (namespace: Namespace, { document, revision }: StoredDocument<'ingress'>): unknown => {
    const { value: managed } = document
    const { entry } = managed
    return ingressJson(namespace, { entry, managed, etag: revision, ...stateOf(namespace, entry) })
  }
  return {
    Ingress_ListByNamespace: (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const managed = documents
        .list('ingress', value.name)
        .filter(({ document }) => !declaredIn(value, document.value.name))
        .map((stored) => ({ key: stored.document.value.name.toLowerCase(), json: () => managedJson(value, stored) }))
      const declared = value.ingress.map((entry) => ({
        key: entry.name.toLowerCase(),
        json: () => declaredJson(value, entry),
      }))
      const sorted = [...declared, ...managed].toSorted((one, other) => (one.key < other.key ? -1 : 1))
      return page(call, sorted, ({ json }) => json())
    },
    Ingress_Get: (call) => {
      const namespace = parentNamespace(documents, call.params)
      const { value } = namespace.document
      const name = nameIn(call.params, 'ingressName')
      const declared = declaredIn(value, name)
      if (declared) return ok(declaredJson(value, declared), etagOf(namespace))
      const stored = documents.get('ingress', value.name, name)
      if (stored) return ok(managedJson(value, stored), etagOf(stored))
      throw new RelayError('ResourceNotFound', {
        message: `The namespace ${value.name} has no ingress entry ${name.slice(0, 64)}`,
      })
    },
    Ingress_CreateOrUpdate: async (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const name = nameIn(call.params, 'ingressName')
      refuseDeclaredEntry(value, name)
      const stored = await writeIngress(parts, call, { namespace: value, name, settings: call.body.properties })
      // Binding a port waits for nobody: this is over in a moment, whether it could be had or not.
      await ingress.settled()
      return ok(managedJson(value, stored), etagOf(stored))
    },
    Ingress_Delete: async (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const name = nameIn(call.params, 'ingressName')
      refuseDeclaredEntry(value, name)
      const wasThere = await deleteDocument(parts, call, { kind: 'ingress', path: [value.name, name] })
      await ingress.settled()
      return { status: wasThere ? 200 : 204 }
    },
  }
}

function declaredIn({ ingress }: Namespace, name: string): IngressEntry | undefined {
  return ingress.find((entry) => entry.name.toLowerCase() === name.toLowerCase())
}

/** @throws {RelayError} ResourceConflict */
function refuseDeclaredEntry(namespace: Namespace, name: string): void {
  if (!declaredIn(namespace, name)) return
  throw new RelayError('ResourceConflict', {
    message: `The resources file of this relay declares the ingress entry ${name.slice(0, 64)}; change it there`,
  })
}
