import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import type { ControlClient } from '../control/control-client.ts'
import { type AskFlags, addAskOptions, addExamples, clientOf, failWhenWrong, print } from './ask-service.ts'
import { configureAdd } from './configure-add.ts'
import { configureDoctor } from './configure-doctor.ts'
import { configureLogin } from './configure-login.ts'
import { configureLogs } from './configure-logs.ts'
import { configurePolicy } from './configure-policy.ts'
import { configureRun } from './configure-run.ts'
import { configureService } from './configure-service.ts'
import { configureStatus, configureVersion } from './configure-status.ts'
import { configureUpgrade } from './configure-upgrade.ts'
import { formatStatus, formatStatuses } from './format-status.ts'
import { readSecretArgument } from './read-secret-argument.ts'

interface NameFlags extends AskFlags {
  readonly namespace?: string
  readonly name?: string
}

/** The commands of this machine that no command of the relay is called like: `postern hcm` has them too. */
export function configureHcm(program: Command): void {
  configureRun(program)
  configureAdd(program)
  configureLogin(program)
  configureJoin(program)
  named(
    program,
    'remove',
    'Takes a hybrid connection away; its streams may end for 2 s.',
    async (client, where, flags) => {
      await client.call('remove', where)
      print(flags, { Removed: where.name }, 'Connection removed successfully\n')
    },
  )
  named(program, 'restart', 'Cuts a hybrid connection and begins anew.', async (client, where, flags) => {
    const status = await client.call('restart', where)
    print(flags, status, `Restarted ${status.Namespace}/${status.Name}\n`)
  })
  configureTest(program)
  configureStatus(program)
  configureDoctor(program)
  configureLogs(program)
  configureVersion(program)
  configureUpgrade(program)
  configureService(program.command('service').description('Makes the HCM a service of this system.'))
  configurePolicy(program.command('policy').description('What this site lets hybrid connections reach.'))
}

/** Adds `list` and `show`, which in `postern hcm` mean what the relay knows of all HCMs. */
export function configureHcmLists(program: Command): void {
  addAskOptions(program.command('list').description('Lists the hybrid connections of this HCM.')).action(
    async (flags: AskFlags) => {
      const statuses = await clientOf(flags).call('list', {})
      print(flags, { ConnectionInformations: statuses }, formatStatuses(statuses))
    },
  )
  named(program, 'show', 'Shows a hybrid connection of this HCM.', async (client, where, flags) => {
    const status = await client.call('show', where)
    print(flags, status, formatStatus(status))
  })
}

const shortFlags: ReadonlyMap<string, string> = new Map([
  ['-ns', '--namespace'],
  ['-rg', '--resource-group'],
])

/** Microsoft's short flags of two letters, which commander does not know. */
export function spellShortFlags(args: readonly string[]): readonly string[] {
  return args.map((arg) => shortFlags.get(arg) ?? arg)
}

function configureTest(program: Command): void {
  addExamples(
    addAskOptions(program.command('test').description('Asks relay and target now, or tries an endpoint from here.')),
    'hcm test db',
    'hcm test db --namespace contoso',
    'hcm test db.corp:5432                       name, port and, on ports of TLS, certificate; needs no service',
    'hcm test contoso.servicebus.windows.net     port 443 of a namespace',
  )
    .argument('[name]', 'name of the hybrid connection; or HOST:PORT')
    .option('-n, --name <NAME>', 'the same as a flag')
    .option('--namespace <NAMESPACE>', 'namespace, where a name is there twice; -ns works too')
    .action(async (name: string | undefined, flags: NameFlags) => {
      const { endpointToTest, testEndpoint } = await import('./test-endpoint.ts')
      const endpoint = name === undefined ? undefined : endpointToTest(name)
      if (endpoint) return testEndpoint(endpoint, flags)
      const status = await clientOf(flags).call('test', whereOf(name ?? flags.name, flags))
      print(flags, status, formatStatus(status))
      failWhenWrong([status])
    })
}

function configureJoin(program: Command): void {
  addExamples(
    addAskOptions(
      program.command('join').description('Joins a relay with a token that `postern hcm enrol` made there.'),
    ),
    'hcm join @/run/secrets/token --endpoint https://relay.example.com:8444',
    'hcm join - --endpoint https://relay.example.com:8444 --name site1 < token',
  )
    .argument('<token>', 'one-time token; @FILE or - (standard input) keep it out of the list of processes')
    .requiredOption('--endpoint <URL>', 'https://HOST[:PORT] of the management door')
    .option('--name <NAME>', 'how the relay shall call this HCM; default: the name of this machine', '')
    .action(async (argument: string, flags: AskFlags & { readonly endpoint: string; readonly name: string }) => {
      const token = (await readSecretArgument(argument)).reveal()
      const joined = await clientOf(flags).call('join', { token, endpoint: flags.endpoint, name: flags.name })
      print(flags, joined, `Joined ${joined.endpoint} as ${joined.name} (${joined.hcmId})\n`)
    })
}

interface Where {
  readonly name: string
  readonly namespace?: string
}

function named(
  program: Command,
  word: string,
  ...[summary, perform]: [string, (client: ControlClient, where: Where, flags: AskFlags) => Promise<void>]
): void {
  addExamples(
    addAskOptions(program.command(word).description(summary)),
    `hcm ${word} db`,
    `hcm ${word} db --namespace contoso`,
  )
    .argument('[name]', 'name of the hybrid connection')
    .option('-n, --name <NAME>', 'the same as a flag')
    .option('--namespace <NAMESPACE>', 'namespace, where a name is there twice; -ns works too')
    .action((name: string | undefined, flags: NameFlags) =>
      perform(clientOf(flags), whereOf(name ?? flags.name, flags), flags),
    )
}

function whereOf(name: string | undefined, { namespace }: NameFlags): Where {
  if (name === undefined)
    throw new RelayError('InvalidConfiguration', { message: 'Say which hybrid connection: -n NAME' })
  return { name, ...(namespace !== undefined && { namespace }) }
}
