import { z } from 'zod'
import type { Route } from '../route.ts'
import {
  enrolledReply,
  enrolmentReply,
  hcmNameSchema,
  hcmReply,
  hcmVersionSchema,
  hybridConnectionIdSchema,
  hybridConnectionIdsSchema,
  publicKeySchema,
  reportedEntitiesSchema,
  selfReply,
} from './hcm-schemas.ts'

const global = '/providers/Postern.Management/hcms'
const provider = '/subscriptions/{subscriptionId}/providers/Postern.Management'
const hcms = `${provider}/hcms`
const hcm = `${hcms}/{hcmId}`
const enrolments = `${provider}/hcmEnrolments`
const actions = 'Postern.Management/hcms'
/** What a token must be looked for at longest: a week between the desk and the site. */
const maxTokenSeconds = 7 * 86_400

const list = <Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodOptional<z.ZodString> }> =>
  z.object({ value: z.array(item), nextLink: z.string().optional() })

const namesEntity = z.object({ hybridConnectionId: hybridConnectionIdSchema })

/** Hybrid Connection Managers: enrolment, what they report, and who looks after them. */
export const hcmRoutes = [
  {
    id: 'Hcms_Enrol',
    method: 'POST',
    path: `${global}/enrol`,
    versions: 'postern',
    access: { anyone: 'stranger' },
    summary: 'Enrols a Hybrid Connection Manager by a one-time token: its public key becomes an identity of its own.',
    body: z.object({
      token: z.string().min(1).max(128),
      name: hcmNameSchema,
      version: hcmVersionSchema,
      publicKey: publicKeySchema,
    }),
    reply: enrolledReply,
    statuses: [201],
  },
  {
    id: 'Hcms_GetSelf',
    method: 'GET',
    path: `${global}/self`,
    versions: 'postern',
    access: { anyone: 'signedIn' },
    summary: 'Tells a Hybrid Connection Manager which hybrid connections it serves, with addresses and endpoints.',
    query: {
      waitSeconds: 'with If-None-Match: answers as soon as something changes, at latest after so many; 0 to 60',
    },
    reply: selfReply,
    statuses: [200, 304],
  },
  {
    id: 'Hcms_Report',
    method: 'PUT',
    path: `${global}/self/report`,
    versions: 'postern',
    access: { anyone: 'signedIn' },
    summary: 'Takes the heartbeat of a Hybrid Connection Manager, due every half minute, and answers what it serves.',
    body: z.object({ version: hcmVersionSchema, entities: reportedEntitiesSchema }),
    reply: selfReply,
    statuses: [200],
  },
  {
    id: 'Hcms_List',
    method: 'GET',
    path: hcms,
    versions: 'postern',
    access: { action: `${actions}/read` },
    summary: 'Lists the Hybrid Connection Managers of a subscription.',
    reply: list(hcmReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Hcms_Get',
    method: 'GET',
    path: hcm,
    versions: 'postern',
    access: { action: `${actions}/read` },
    summary: 'Gets a Hybrid Connection Manager: version, address, when it was last seen, and the state of its targets.',
    reply: hcmReply,
    statuses: [200],
  },
  {
    id: 'Hcms_Create',
    method: 'PUT',
    path: hcm,
    versions: 'postern',
    access: { anyone: 'signedIn' },
    summary:
      'Enrols a Hybrid Connection Manager by the sign-in of a person, who must be allowed to list the keys of each hybrid connection.',
    body: z.object({
      properties: z.object({
        displayName: hcmNameSchema,
        version: hcmVersionSchema.nullish(),
        publicKey: publicKeySchema,
        hybridConnections: hybridConnectionIdsSchema,
      }),
    }),
    reply: enrolledReply,
    statuses: [200, 201],
  },
  {
    id: 'Hcms_Delete',
    method: 'DELETE',
    path: hcm,
    versions: 'postern',
    access: { action: `${actions}/delete` },
    summary: 'Revokes a Hybrid Connection Manager: its identity and roles are gone and its channels are cut.',
    statuses: [200, 204],
  },
  {
    id: 'Hcms_AddHybridConnection',
    method: 'POST',
    path: `${hcm}/addHybridConnection`,
    versions: 'postern',
    access: { action: `${actions}/addHybridConnection/action` },
    summary: 'Lets a Hybrid Connection Manager serve one more; the caller must be allowed to list its keys.',
    body: namesEntity,
    reply: hcmReply,
    statuses: [200],
  },
  {
    id: 'Hcms_RemoveHybridConnection',
    method: 'POST',
    path: `${hcm}/removeHybridConnection`,
    versions: 'postern',
    access: { action: `${actions}/removeHybridConnection/action` },
    summary: 'Takes a hybrid connection away from a Hybrid Connection Manager.',
    body: namesEntity,
    reply: hcmReply,
    statuses: [200],
  },
  {
    id: 'HcmEnrolments_List',
    method: 'GET',
    path: enrolments,
    versions: 'postern',
    access: { action: `${actions}/read` },
    summary: 'Lists the enrolments that were not used yet, without their tokens.',
    reply: list(enrolmentReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'HcmEnrolments_Create',
    method: 'POST',
    path: enrolments,
    versions: 'postern',
    access: { action: `${actions}/write` },
    summary:
      'Makes a token with which one Hybrid Connection Manager can enrol; the caller must be allowed to list the keys of each hybrid connection.',
    body: z.object({
      properties: z.object({
        hybridConnections: hybridConnectionIdsSchema,
        expiresInSeconds: z.int().min(60).max(maxTokenSeconds).nullish(),
      }),
    }),
    reply: enrolmentReply,
    statuses: [201],
  },
  {
    id: 'HcmEnrolments_Delete',
    method: 'DELETE',
    path: `${enrolments}/{enrolmentId}`,
    versions: 'postern',
    access: { action: `${actions}/write` },
    summary: 'Revokes an enrolment that was not used yet.',
    statuses: [200, 204],
  },
] as const satisfies readonly Route[]
