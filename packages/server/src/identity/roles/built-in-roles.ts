import type { RoleDefinition } from '../../domain/role.ts'

type BuiltInRole = Omit<RoleDefinition, 'createdAt' | 'updatedAt' | 'assignableScopes'>

const relayReads = ['Microsoft.Relay/*/wcfRelays/read', 'Microsoft.Relay/*/hybridConnections/read']
const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] }

/** Azure's id of the role Owner. */
export const ownerRoleId = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

/** Azure's id of the role Azure Relay Listener. */
export const listenerRoleId = '26e0b698-aa6d-4085-9386-aadae190014d'

/** The roles that are always there, with Azure's ids, actions and data actions. */
export const builtInRoles: readonly BuiltInRole[] = [
  {
    id: ownerRoleId,
    roleName: 'Owner',
    description: 'Grants full access to manage all resources, including the ability to assign roles.',
    permissions: [{ ...nothing, actions: ['*'] }],
  },
  {
    id: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    roleName: 'Contributor',
    description: 'Grants full access to manage all resources, but does not allow you to assign roles.',
    permissions: [
      {
        ...nothing,
        actions: ['*'],
        notActions: [
          'Microsoft.Authorization/*/Delete',
          'Microsoft.Authorization/*/Write',
          'Microsoft.Authorization/elevateAccess/Action',
        ],
      },
    ],
  },
  {
    id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    roleName: 'Reader',
    description: 'View all resources, but does not allow you to make any changes.',
    permissions: [{ ...nothing, actions: ['*/read'] }],
  },
  {
    id: '2787bf04-f1f5-4bfe-8383-c8a24483ee38',
    roleName: 'Azure Relay Owner',
    description: 'Allows for full access to Azure Relay resources.',
    permissions: [{ ...nothing, actions: ['Microsoft.Relay/*'], dataActions: ['Microsoft.Relay/*'] }],
  },
  {
    id: listenerRoleId,
    roleName: 'Azure Relay Listener',
    description: 'Allows for listen access to Azure Relay resources.',
    permissions: [{ ...nothing, actions: relayReads, dataActions: ['Microsoft.Relay/*/listen/action'] }],
  },
  {
    id: '26baccc8-eea7-41f1-98f4-1762cc7f685d',
    roleName: 'Azure Relay Sender',
    description: 'Allows for send access to Azure Relay resources.',
    permissions: [{ ...nothing, actions: relayReads, dataActions: ['Microsoft.Relay/*/send/action'] }],
  },
]
