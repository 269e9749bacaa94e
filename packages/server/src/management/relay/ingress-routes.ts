import { z } from 'zod'
import { ingressSettingsShape } from '../../storage/declared-ingress.ts'
import type { Route } from '../route.ts'
import { listOf, resourceReply } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const entries = `${namespace}/ingress`
const entry = `${entries}/{ingressName}`
const actions = 'Microsoft.Relay/namespaces/ingress'

const { users, ...settings } = ingressSettingsShape
const { name: userName, passwordHash } = users.unwrap().element.shape

const wantedUser = z.strictObject({
  name: userName,
  passwordHash: passwordHash.optional().meta({
    description: 'What `postern ingress password` prints; when left out, the one that the user has.',
  }),
})

const pem = z.string().min(1).max(65_536)

const ignored = z.unknown().optional().meta({ description: 'Of answers; ignored.' })

/** Not as Azure has it, unknown members are refused: a guard that is misspelt, or not to be had here, must not be left out. */
const body = z.object({
  properties: z.strictObject({
    ...settings,
    users: z
      .array(wantedUser)
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'Who may pass with a password (HTTP basic); needs hosts.' }),
    clientCertificates: z
      .string()
      .max(4096)
      .optional()
      .meta({ description: 'Refused: files of the machine are for the resources file.' }),
    clientAuthorityPem: pem
      .optional()
      .meta({ description: 'Authority whose client certificates may pass; needs tls: terminate.' }),
    certificate: z
      .strictObject({
        certPem: pem.meta({ description: 'Chain, the certificate of the names first.' }),
        keyPem: pem.optional().meta({ description: 'Its private key; when left out, the one that is there.' }),
      })
      .optional()
      .meta({ description: "Needed for tls: terminate: the relay's own certificates are not shown." }),
    origin: ignored,
    provisioningState: ignored,
    statusMessage: ignored,
    boundPort: ignored,
    createdAt: ignored,
    updatedAt: ignored,
  }),
})

const reply = z.object({
  ...resourceReply,
  location: z.string(),
  etag: z.string().optional().meta({ description: 'For If-Match; entries of the resources file have none.' }),
  properties: z.object({
    ...settings,
    users: z.array(z.object({ name: z.string() })).optional(),
    clientAuthorityPem: z.string().optional(),
    certificate: z.object({ certPem: z.string() }).optional(),
    clientCertificates: z
      .literal('required')
      .optional()
      .meta({ description: 'The resources file names an authority whose certificates must be shown.' }),
    oidc: z.literal('required').optional().meta({ description: 'The resources file asks for a sign-in.' }),
    origin: z
      .enum(['declared', 'managed'])
      .meta({ description: 'declared: the resources file has it, which alone can change it.' }),
    provisioningState: z
      .enum(['Succeeded', 'Failed'])
      .meta({ description: 'Failed: not open at the relay that answers; statusMessage says why.' }),
    statusMessage: z.string().optional(),
    boundPort: z
      .int()
      .optional()
      .meta({ description: 'The port that is open at the relay that answers: another one than port where that is 0.' }),
    createdAt: z.string().optional(),
    updatedAt: z.string().optional(),
  }),
})

/** Public ports of the relay that lead to hybrid connections of a namespace. */
export const ingressRoutes = [
  {
    id: 'Ingress_ListByNamespace',
    method: 'GET',
    path: entries,
    versions: 'relay',
    access: { action: `${actions}/read` },
    isExtension: true,
    summary: 'Lists the ingress entries of a namespace, those of the resources file too.',
    reply: listOf(reply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Ingress_Get',
    method: 'GET',
    path: entry,
    versions: 'relay',
    access: { action: `${actions}/read` },
    isExtension: true,
    summary: 'Gets an ingress entry, without password hashes and private keys.',
    reply,
    statuses: [200],
  },
  {
    id: 'Ingress_CreateOrUpdate',
    method: 'PUT',
    path: entry,
    versions: 'relay',
    access: { action: `${actions}/write` },
    isExtension: true,
    summary:
      'Creates or replaces an ingress entry, on a port that --ingress-ports grants; it is open before the answer.',
    body,
    reply,
    statuses: [200],
  },
  {
    id: 'Ingress_Delete',
    method: 'DELETE',
    path: entry,
    versions: 'relay',
    access: { action: `${actions}/delete` },
    isExtension: true,
    summary: 'Deletes an ingress entry; its devices are cut.',
    statuses: [200, 204],
  },
] as const satisfies readonly Route[]
