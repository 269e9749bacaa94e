import { namespaceId } from '@postern/protocol'
import type { IngressEntry } from '../../domain/ingress-entry.ts'
import type { ManagedIngress } from '../../domain/managed-ingress.ts'
import type { Namespace } from '../../domain/namespace.ts'
import { ingressSettingsShape } from '../../storage/declared-ingress.ts'

/** What the relay has made of an entry. */
export interface ShownState {
  /** Why it is not open, or lets nobody in. */
  readonly problem: string | undefined
  /** Undefined while it is not open. */
  readonly boundPort: number | undefined
}

/** An ingress entry, and what the relay has made of it. */
export interface ShownIngress extends ShownState {
  readonly entry: IngressEntry
  /** Undefined for those of the resources file. */
  readonly managed: ManagedIngress | undefined
  readonly etag?: string
}

/** What is written down as it is; nothing else of an entry is told unless it stands below. */
const shownKeys = Object.keys(ingressSettingsShape).filter((key) => key !== 'users')

/** In the form of the resources file, so that what was read can be written. Whoever knows a hash can guess at it: none is told. */
export function ingressJson(namespace: Namespace, { entry, managed, etag, problem, boundPort }: ShownIngress): unknown {
  const { name, users, tls, access, clientCertificates, clientAuthorityPem, certificate, oidc } = entry
  const shown = Object.entries(entry).filter(([key]) => shownKeys.includes(key))
  return {
    id: `${namespaceId(namespace, namespace.name)}/ingress/${name}`,
    name,
    type: 'Microsoft.Relay/Namespaces/Ingress',
    location: namespace.location,
    etag,
    properties: {
      ...Object.fromEntries(shown),
      tls,
      access: access === 'open' ? access : undefined,
      ...(users && { users: users.map((user) => ({ name: user.name })) }),
      ...(clientAuthorityPem !== undefined && { clientAuthorityPem }),
      ...(certificate && { certificate: { certPem: certificate.certPem } }),
      ...(clientCertificates !== undefined && { clientCertificates: 'required' }),
      ...(oidc && { oidc: 'required' }),
      origin: managed ? 'managed' : 'declared',
      provisioningState: problem === undefined ? 'Succeeded' : 'Failed',
      ...(boundPort !== undefined && { boundPort }),
      ...(problem !== undefined && { statusMessage: problem }),
      ...(managed && { createdAt: managed.createdAt.toISOString(), updatedAt: managed.updatedAt.toISOString() }),
    },
  }
}
