import { location, locationOfGroup, nameOf, resourceGroup, subscription, tags } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { listInGroup } from './list-in-group.ts'

const name = nameOf('plan', 'path.name')
const where = [resourceGroup, subscription]
const columns = {
  Name: 'name',
  ResourceGroup: "split(id, '/')[4]",
  Location: 'location',
  Sku: 'sku.name',
  Tier: 'sku.tier',
  Apps: 'properties.numberOfSites',
}

const sku: ManagedFlag = {
  long: 'sku',
  value: 'NAME',
  help: 'size of the plan, which limits its hybrid connections: B1, S1, P1v3, I1v2 and their like; default: B1',
  to: 'body.sku.name',
}

const workers: ManagedFlag = {
  long: 'number-of-workers',
  value: 'NUMBER',
  help: 'how many machines the plan has',
  kind: 'integer',
  to: 'body.sku.capacity',
}

export const planGroups: readonly ManagedGroup[] = [
  { words: 'appservice plan', summary: 'Plans: apps of a plan share the limit of hybrid connections.' },
]

/** `postern appservice plan ...` */
export const planCommands: readonly ManagedCommand[] = [
  {
    words: 'appservice plan create',
    summary: 'Creates a plan.',
    flags: [
      name,
      ...where,
      location,
      sku,
      workers,
      { long: 'is-linux', help: 'its apps run on Linux', kind: 'switch', to: 'body.properties.reserved' },
      tags,
    ],
    prepare: locationOfGroup,
    does: 'AppServicePlans_CreateOrUpdate',
    columns,
    examples: ['-n plan1 -g demo', '-n plan1 -g demo --sku S1'],
  },
  {
    words: 'appservice plan list',
    summary: 'Lists the plans that you may read.',
    flags: [{ ...resourceGroup, isRequired: false, to: 'run' }, subscription],
    does: (run) => listInGroup(run, 'AppServicePlans_List', 'AppServicePlans_ListByResourceGroup'),
    columns,
    examples: ['', '-g demo'],
  },
  {
    words: 'appservice plan show',
    summary: 'Shows a plan.',
    flags: [name, ...where],
    does: 'AppServicePlans_Get',
    columns,
    examples: ['-n plan1 -g demo'],
  },
  {
    words: 'appservice plan update',
    summary: 'Changes the size or the tags of a plan.',
    flags: [name, ...where, { ...sku, help: 'size of the plan, which limits its hybrid connections' }, workers, tags],
    does: 'AppServicePlans_Update',
    columns,
    examples: ['-n plan1 -g demo --sku P1v3'],
  },
  {
    words: 'appservice plan delete',
    summary: 'Deletes a plan without apps.',
    flags: [name, ...where],
    does: 'AppServicePlans_Delete',
    confirmation: 'The plan is deleted.',
    examples: ['-n plan1 -g demo'],
  },
]
