import { location, nameOf, subscription, tags } from '../flags.ts'
import type { ManagedCommand, ManagedGroup } from '../managed-command.ts'

const name = nameOf('resource group', 'path.resourceGroupName')
const columns = { Name: 'name', Location: 'location', Status: 'properties.provisioningState' }

export const resourceGroups: readonly ManagedGroup[] = [{ words: 'group', summary: 'Resource groups.' }]

/** `postern group ...` */
export const resourceGroupCommands: readonly ManagedCommand[] = [
  {
    words: 'group create',
    summary: 'Creates a resource group, or replaces its tags.',
    flags: [name, { ...location, help: 'where it is: any text', isRequired: true }, tags, subscription],
    does: 'ResourceGroups_CreateOrUpdate',
    columns,
    examples: ['--name demo --location home', '-n demo -l home --tags owner=me'],
  },
  {
    words: 'group list',
    summary: 'Lists the resource groups that you may read.',
    flags: [subscription],
    does: 'ResourceGroups_List',
    columns,
    examples: ['', '--query "[].name" -o tsv'],
  },
  {
    words: 'group show',
    summary: 'Shows a resource group.',
    flags: [name, subscription],
    does: 'ResourceGroups_Get',
    columns,
    examples: ['-n demo'],
  },
  {
    words: 'group delete',
    summary: 'Deletes a resource group with everything in it.',
    flags: [name, subscription],
    does: 'ResourceGroups_Delete',
    confirmation: 'Everything in the resource group is deleted with it.',
    examples: ['-n demo', '-n demo --yes'],
  },
]
