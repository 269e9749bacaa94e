import type { ManagementClient } from '@postern/management'
import { safeText } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import type { HybridConnectionStatus } from '../service/status.ts'
import type { AddResult } from './add/add-places.ts'
import type { Candidate } from './add/list-candidates.ts'
import type { RelaySessionFlags } from './add/open-relay-session.ts'
import type { Prompts } from './add/pick-hybrid-connections.ts'
import type { RelayPlace } from './add/relay-place.ts'
import { type AskFlags, addAskOptions, clientOf, print } from './ask-service.ts'
import { formatStatus } from './format-status.ts'
import { readSecretArgument } from './read-secret-argument.ts'

interface AddFlags extends AskFlags, RelaySessionFlags {
  readonly follow: boolean
  readonly subscription?: string
  readonly resourceGroup?: string
  readonly namespace?: string
  readonly name?: string
}

/** Adds `hcm add`. */
export function configureAdd(program: Command): void {
  addAskOptions(
    program
      .command('add')
      .description('Adds hybrid connections and serves them at once, or gives one that is there another key.'),
  )
    .argument(
      '[connection-string]',
      'with EntityPath; @FILE or - (standard input) keep it out of the list of processes; without it you pick at a relay',
    )
    .option('-s, --subscription <ID>', 'subscription of the hybrid connection')
    .option('--resource-group <NAME>', 'resource group of its namespace; -rg works too')
    .option('--namespace <NAME>', 'its namespace; -ns works too')
    .option('-n, --name <NAME>', 'its name')
    .option('--endpoint <URL>', 'management door of the relay: sign in there by a code, for this command only')
    .option('--ca <FILE>', 'PEM file of the certificate authority of that door; default: POSTERN_CA')
    .option('--account <NAME>', 'account that is kept; default: the current one')
    .option('--follow', 'when the endpoint changes, follow it as far as the policy allows', false)
    .addHelpText('after', examples)
    .action((argument: string | undefined, flags: AddFlags) =>
      argument === undefined ? addFromRelay(flags) : addByString(argument, flags),
    )
}

const examples = `
Your sign-in serves to look up what there is and to fetch one key with the right Listen. No token of yours reaches the
service or the disk; a sign-in that hcm login or postern login has kept is used, and stays where it is.

Examples:
  hcm add @/run/secrets/db.connection-string
  hcm add                                              pick at the relay where you are signed in
  hcm add --endpoint https://relay.example.com:8444    sign in there, then pick
  hcm add -s SUBSCRIPTION -rg postern -ns local -n db`

async function addByString(argument: string, flags: AddFlags): Promise<void> {
  const named = [flags.subscription, flags.resourceGroup, flags.namespace, flags.name]
  if (named.some((each) => each !== undefined)) {
    throw new RelayError('InvalidConfiguration', { message: 'Give the connection string or names, not both' })
  }
  const connectionString = (await readSecretArgument(argument)).reveal()
  const status = await clientOf(flags).call('add', { connectionString, follow: flags.follow })
  print(flags, status, `Connection added successfully\n${formatStatus(status)}`)
}

async function addFromRelay(flags: AddFlags): Promise<void> {
  const named = placeOfFlags(flags)
  // Both before anybody signs in: without a terminal nobody can pick, without a service there is nothing to add to.
  const terminal = named ? undefined : await import('./add/terminal-prompts.ts')
  const prompts = await terminal?.terminalPrompts()
  const control = clientOf(flags)
  const here = await control.call('list', {})
  const client = await (await import('./add/open-relay-session.ts')).openRelaySession(flags)
  const places = prompts ? await pick(client, prompts, here) : named ? [named] : []
  if (places.length === 0) {
    process.stderr.write('Nothing was added.\n')
    process.exitCode = 1
    return
  }
  const results = await (await import('./add/add-places.ts')).addPlaces(places, {
    client,
    control,
    follow: flags.follow,
  })
  report(results, { flags, isOne: named !== undefined })
}

async function pick(
  client: ManagementClient,
  prompts: Prompts,
  here: readonly HybridConnectionStatus[],
): Promise<readonly RelayPlace[]> {
  const { pickHybridConnections } = await import('./add/pick-hybrid-connections.ts')
  const { hostOf } = await import('./add/list-candidates.ts')
  const keyOf = (host: string, name: string): string => `${host}/${name}`.toLowerCase()
  const served = here.filter(({ Status }) => Status !== 'NotFound')
  const known = new Set(served.map(({ ServiceBusEndpoint, Name }) => keyOf(hostOf(ServiceBusEndpoint), Name)))
  const isKnown = ({ host, place }: Candidate): boolean => known.has(keyOf(host, place.hybridConnectionName))
  try {
    return await pickHybridConnections(client, { prompts, isKnown })
  } catch (error) {
    if ((await import('./add/terminal-prompts.ts')).isGivenUp(error)) return []
    throw error
  }
}

function report(
  results: readonly AddResult[],
  { flags, isOne }: { readonly flags: AddFlags; readonly isOne: boolean },
): void {
  const added = results.flatMap((result) => ('status' in result ? [result.status] : []))
  const failed = results.flatMap((result) => ('error' in result ? [result] : []))
  const [first] = failed
  if (isOne && first) throw first.error
  const text = added.map((status) => `Connection added successfully\n${formatStatus(status)}`).join('\n')
  print(flags, isOne ? added[0] : { ConnectionInformations: added }, text)
  for (const { place, error } of failed) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(
      `${safeText(`${place.namespaceName}/${place.hybridConnectionName} was not added: ${message}`)}\n`,
    )
  }
  if (first) process.exitCode = 1
}

/** All four names, or none. */
function placeOfFlags({ subscription, resourceGroup, namespace, name }: AddFlags): RelayPlace | undefined {
  if ([subscription, resourceGroup, namespace, name].every((each) => each === undefined)) return undefined
  if (subscription === undefined || resourceGroup === undefined || namespace === undefined || name === undefined) {
    throw new RelayError('InvalidConfiguration', {
      message: 'Names of a hybrid connection are given all together: -s SUBSCRIPTION -rg GROUP -ns NAMESPACE -n NAME',
    })
  }
  return {
    subscriptionId: subscription,
    resourceGroupName: resourceGroup,
    namespaceName: namespace,
    hybridConnectionName: name,
  }
}
