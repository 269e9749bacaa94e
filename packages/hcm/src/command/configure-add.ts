import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import type { HybridConnectionStatus } from '../service/status.ts'
import type { RelaySessionFlags } from './add/open-relay-session.ts'
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
  addAskOptions(program.command('add').description('Adds hybrid connections and serves them at once.'))
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
  const place = placeOfFlags(flags)
  const [{ openRelaySession }, { addPlaces }] = await Promise.all([
    import('./add/open-relay-session.ts'),
    import('./add/add-places.ts'),
  ])
  const prompts = place ? undefined : await (await import('./add/terminal-prompts.ts')).terminalPrompts()
  const control = clientOf(flags)
  // Before anybody signs in: without a service there is nothing to add to.
  const here = await control.call('list', {})
  const client = await openRelaySession(flags)
  const places = place
    ? [place]
    : await (await import('./add/pick-hybrid-connections.ts')).pickHybridConnections(client, {
        prompts: prompts as NonNullable<typeof prompts>,
        isKnown: (each) => here.some((status) => isSame(status, each)),
      })
  const results = await addPlaces(places, { client, control, follow: flags.follow })
  const added = results.flatMap((result) => ('status' in result ? [result.status] : []))
  const failed = results.flatMap((result) => ('error' in result ? [result] : []))
  const [first] = failed
  if (place && first) throw first.error
  const text = added.map((status) => `Connection added successfully\n${formatStatus(status)}`).join('\n')
  print(flags, place ? added[0] : { ConnectionInformations: added }, text)
  for (const { place: where, error } of failed) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${where.namespaceName}/${where.hybridConnectionName} was not added: ${message}\n`)
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

function isSame({ Namespace, Name, Status }: HybridConnectionStatus, place: RelayPlace): boolean {
  const names = [Namespace, Name].map((each) => each.toLowerCase())
  return (
    Status !== 'NotFound' &&
    names[0] === place.namespaceName.toLowerCase() &&
    names[1] === place.hybridConnectionName.toLowerCase()
  )
}
