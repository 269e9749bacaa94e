import { subscription } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { createEnrolment, findHcm, revokeHcm } from './manage-hcm.ts'

const name: ManagedFlag = {
  long: 'name',
  short: 'n',
  value: 'NAME',
  help: 'name or id of the HCM',
  isRequired: true,
  to: 'run',
}
const place: ManagedFlag = { ...subscription, to: 'run' }

export const hcmGroups: readonly ManagedGroup[] = [
  { words: 'hcm', summary: 'Hybrid Connection Managers: runs one here; who has enrolled, and how they are.' },
  { words: 'hcm enrolment', summary: 'Tokens with which an HCM can enrol, until they are used.' },
]

/** `postern hcm ...` */
export const hcmCommands: readonly ManagedCommand[] = [
  {
    words: 'hcm list',
    summary: 'Lists the HCMs of the subscription.',
    flags: [subscription],
    does: 'Hcms_List',
    columns: {
      Name: 'properties.displayName',
      Status: 'properties.status',
      LastSeen: 'properties.lastSeenAt',
      Version: 'properties.version',
      Address: 'properties.address',
      HybridConnections: 'length(properties.hybridConnections)',
      Id: 'name',
    },
    examples: ['', '--query "[?properties.status==\'Offline\'].properties.displayName" -o tsv'],
  },
  {
    words: 'hcm show',
    summary: 'Shows what an HCM serves, and whether it reaches the targets.',
    flags: [name, place],
    does: findHcm,
    rows: 'properties.hybridConnections',
    columns: {
      Namespace: 'namespace',
      HybridConnection: 'name',
      Endpoint: 'endpoint',
      Target: 'target',
      Since: 'since',
      LastError: 'lastError',
    },
    note: "join('', [properties.displayName, ': ', properties.status, ', last seen ', properties.lastSeenAt || 'never'])",
    examples: ['-n site1'],
  },
  {
    words: 'hcm enrol',
    summary: 'Makes a token, which is shown this once, with which one HCM can enrol.',
    flags: [
      {
        long: 'hybrid-connections',
        value: 'NAMESPACE/NAME',
        help: 'hybrid connections that it shall serve, by name or id',
        kind: 'list',
        isRequired: true,
        to: 'run',
      },
      {
        long: 'expires-in',
        value: 'DURATION',
        help: 'how long the token is good: 30m, 1d; default: an hour',
        to: 'run',
      },
      place,
    ],
    does: createEnrolment,
    columns: {
      Token: 'properties.token',
      ExpiresOn: 'properties.expiresOn',
      HybridConnections: 'properties.hybridConnections',
    },
    examples: ['--hybrid-connections contoso/db', '--hybrid-connections contoso/db contoso/web --expires-in 1d'],
  },
  {
    words: 'hcm revoke',
    summary: 'Ends an HCM: its identity and roles are gone and its channels are cut, within seconds.',
    flags: [name, place],
    does: revokeHcm,
    confirmation: 'Everything that it serves can no longer be reached through it.',
    examples: ['-n site1'],
  },
  {
    words: 'hcm enrolment list',
    summary: 'Lists the enrolments that were not used yet, without their tokens.',
    flags: [subscription],
    does: 'HcmEnrolments_List',
    columns: {
      Id: 'name',
      CreatedOn: 'properties.createdOn',
      ExpiresOn: 'properties.expiresOn',
      HybridConnections: 'properties.hybridConnections',
    },
    examples: [''],
  },
  {
    words: 'hcm enrolment delete',
    summary: 'Takes an enrolment back that was not used yet.',
    flags: [
      {
        ...name,
        long: 'id',
        short: 'i',
        value: 'ID',
        help: 'as `hcm enrolment list` names it',
        to: 'path.enrolmentId',
      },
      subscription,
    ],
    does: 'HcmEnrolments_Delete',
    examples: ['--id 0f6ef4d9-9a3b-4a6c-8f5c-3f1f3f0c2b11'],
  },
]
