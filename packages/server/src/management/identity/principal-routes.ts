import { z } from 'zod'
import type { Route } from '../route.ts'

const provider = '/providers/Postern.Management'
const principals = `${provider}/principals`
const principal = `${principals}/{principalId}`
const actions = 'Postern.Management/principals'
/** People and programs belong to the whole relay. */
const scope = '/'

const dateTime = z.iso.datetime({ offset: true })

const kindSchema = z.enum(['ServicePrincipal', 'User'])

const credentialReply = z.object({
  id: z.string(),
  kind: z.enum(['Secret', 'Key']),
  displayName: z.string(),
  thumbprint: z.string().optional(),
  createdOn: z.string(),
  expiresOn: z.string().optional(),
})

const principalReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal(actions),
  properties: z.object({
    principalId: z.string(),
    clientId: z.string(),
    kind: z.enum(['ServicePrincipal', 'User', 'App', 'Hcm']),
    displayName: z.string(),
    signInName: z.string().optional(),
    enabled: z.boolean(),
    createdOn: z.string(),
    updatedOn: z.string(),
    credentials: z.array(credentialReply),
  }),
})

const credentialBody = z.object({
  kind: z.enum(['secret', 'certificate', 'password']),
  displayName: z.string().min(1).max(256).nullish(),
  expiresOn: dateTime.nullish(),
  certificate: z.string().max(16_384).nullish(),
  password: z.string().max(1024).nullish(),
})

const newCredentialReply = z.object({
  credentialId: z.string().optional(),
  clientId: z.string(),
  secret: z.string().optional(),
})

const list = <Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodOptional<z.ZodString> }> =>
  z.object({ value: z.array(item), nextLink: z.string().optional() })

/** People and programs of the built-in identity, and whoever is calling. */
export const principalRoutes = [
  {
    id: 'Me_Get',
    method: 'GET',
    path: `${provider}/me`,
    versions: 'postern',
    access: { anyone: 'signedIn' },
    summary: 'Tells who the caller is and which roles were assigned to him.',
    reply: z.object({
      id: z.string(),
      name: z.string(),
      kind: z.string(),
      clientId: z.string().optional(),
      tenantId: z.string(),
      groups: z.array(z.string()),
      expiresOn: z.string().optional(),
      roleAssignments: z.array(z.object({ id: z.string(), roleName: z.string(), scope: z.string() })),
    }),
    statuses: [200],
  },
  {
    id: 'Principals_List',
    method: 'GET',
    path: principals,
    versions: 'postern',
    access: { action: `${actions}/read`, scope },
    summary: 'Lists people and programs of the built-in identity.',
    query: { $filter: "displayName, signInName, clientId or kind, each with eq 'TEXT'; joined by and" },
    reply: list(principalReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Principals_Get',
    method: 'GET',
    path: principal,
    versions: 'postern',
    access: { action: `${actions}/read`, scope },
    summary: 'Gets a person or program.',
    reply: principalReply,
    statuses: [200],
  },
  {
    id: 'Principals_Create',
    method: 'PUT',
    path: principal,
    versions: 'postern',
    access: { action: `${actions}/write`, scope },
    summary: 'Creates a person or program under a new GUID; one that is there already stays as it is.',
    body: z.object({
      properties: z.object({
        kind: kindSchema,
        displayName: z.string().min(1).max(256),
        signInName: z.string().min(1).max(128).nullish(),
      }),
    }),
    reply: principalReply,
    statuses: [200, 201],
  },
  {
    id: 'Principals_Update',
    method: 'PATCH',
    path: principal,
    versions: 'postern',
    access: { action: `${actions}/write`, scope },
    summary: 'Renames a person or program, disables or enables it.',
    body: z.object({
      properties: z.object({ displayName: z.string().min(1).max(256).nullish(), enabled: z.boolean().nullish() }),
    }),
    reply: principalReply,
    statuses: [200],
  },
  {
    id: 'Principals_Delete',
    method: 'DELETE',
    path: principal,
    versions: 'postern',
    access: { action: `${actions}/delete`, scope },
    summary: 'Deletes a person or program with all its role assignments.',
    statuses: [200, 204],
  },
  {
    id: 'Principals_AddCredential',
    method: 'POST',
    path: `${principal}/credentials`,
    versions: 'postern',
    access: { action: `${actions}/credentials/action`, scope },
    summary: 'Makes a client secret, which is shown this once, adds a certificate, or sets the password of a person.',
    body: credentialBody,
    reply: newCredentialReply,
    statuses: [201],
  },
  {
    id: 'Principals_RemoveCredential',
    method: 'DELETE',
    path: `${principal}/credentials/{credentialId}`,
    versions: 'postern',
    access: { action: `${actions}/credentials/action`, scope },
    summary: 'Removes a secret, certificate or password.',
    statuses: [200, 204],
  },
  {
    id: 'SigningKeys_List',
    method: 'GET',
    path: `${provider}/signingKeys`,
    versions: 'postern',
    access: { action: 'Postern.Management/signingKeys/read', scope },
    summary: 'Lists the keys that tokens are signed with, newest first.',
    reply: z.object({ value: z.array(z.object({ id: z.string(), createdOn: z.string(), isCurrent: z.boolean() })) }),
    statuses: [200],
  },
  {
    id: 'SigningKeys_Rotate',
    method: 'POST',
    path: `${provider}/signingKeys/rotate`,
    versions: 'postern',
    access: { action: 'Postern.Management/signingKeys/rotate/action', scope },
    summary: 'Makes a new signing key; with `revoke` no token that was signed before counts any more.',
    body: z.object({ revoke: z.boolean().nullish() }),
    bodyIsOptional: true,
    reply: z.object({ id: z.string() }),
    statuses: [200],
  },
] as const satisfies readonly Route[]
