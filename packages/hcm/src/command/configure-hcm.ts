import { networkFlagTable } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type Command, Option } from 'commander'
import { ControlClient } from '../control/control-client.ts'
import { controlSocketPath } from '../run-hcm.ts'
import type { HybridConnectionStatus } from '../service/status.ts'
import { formatStatus, formatStatuses } from './format-status.ts'
import { defaultStateFolder } from './hcm-paths.ts'
import { readSecretArgument } from './read-secret-argument.ts'
import type { RunFlags } from './run-command.ts'

/** Flags of every command that asks the running service. */
interface AskFlags {
  readonly stateDir: string
  readonly output: 'text' | 'json'
}

interface NameFlags extends AskFlags {
  readonly namespace?: string
  readonly name?: string
}

/** The commands of this machine that no command of the relay is called like: `postern hcm` has them too. */
export function configureHcm(program: Command): void {
  configureRun(program)
  configureAdd(program)
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
  named(
    program,
    'test',
    'Asks the relay and the target, now; fails when something is wrong.',
    async (client, where, flags) => {
      const status = await client.call('test', where)
      print(flags, status, formatStatus(status))
      failWhenWrong([status])
    },
  )
  configureStatus(program)
  configurePolicy(program.command('policy').description('What this site lets hybrid connections reach.'))
}

/** Adds `list` and `show`, which in `postern hcm` mean what the relay knows of all HCMs. */
export function configureHcmLists(program: Command): void {
  asking(program.command('list').description('Lists the hybrid connections of this HCM.')).action(
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

/** Microsoft's short flags of two letters, which commander does not know. */
export function spellShortFlags(args: readonly string[]): readonly string[] {
  return args.map((arg) => (arg === '-ns' ? '--namespace' : arg))
}

function configureRun(program: Command): void {
  stateOption(program.command('run').description('Runs the HCM in the foreground, until Ctrl-C.'))
    .option(networkFlagTable.proxy.flags, networkFlagTable.proxy.help)
    .addOption(
      new Option(networkFlagTable.tlsCa.flags, networkFlagTable.tlsCa.help)
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .option('--no-tls', 'plain TCP, to relays with --tls off: tokens travel readable')
    .option('--json', 'log as JSON, a line for each event')
    .option('-v, --verbose', 'also a line for each stream')
    .action(async (flags: RunFlags) => (await import('./run-command.ts')).runCommand(flags))
}

function configureAdd(program: Command): void {
  asking(program.command('add').description('Adds a hybrid connection and serves it at once.'))
    .argument(
      '<connection-string>',
      'with EntityPath; @FILE or - (standard input) keep it out of the list of processes',
    )
    .option('--follow', 'when the endpoint changes, follow it as far as the policy allows', false)
    .action(async (argument: string, flags: AskFlags & { readonly follow: boolean }) => {
      const connectionString = (await readSecretArgument(argument)).reveal()
      const status = await clientOf(flags).call('add', { connectionString, follow: flags.follow })
      print(flags, status, `Connection added successfully\n${formatStatus(status)}`)
    })
}

function configureJoin(program: Command): void {
  asking(program.command('join').description('Joins a relay with a token that `postern hcm enrol` made there.'))
    .argument('<token>', 'one-time token; @FILE or - (standard input) keep it out of the list of processes')
    .requiredOption('--endpoint <URL>', 'https://HOST[:PORT] of the management door')
    .option('--name <NAME>', 'how the relay shall call this HCM; default: the name of this machine', '')
    .action(async (argument: string, flags: AskFlags & { readonly endpoint: string; readonly name: string }) => {
      const token = (await readSecretArgument(argument)).reveal()
      const joined = await clientOf(flags).call('join', { token, endpoint: flags.endpoint, name: flags.name })
      print(flags, joined, `Joined ${joined.endpoint} as ${joined.name} (${joined.hcmId})\n`)
    })
}

function configureStatus(program: Command): void {
  asking(program.command('status').description('Shows how all, or one, are doing; fails when something is wrong.'))
    .argument('[name]', 'only this hybrid connection, with everything that is known of it')
    .option('--namespace <NAMESPACE>', 'namespace, where a name is there twice')
    .action(async (name: string | undefined, flags: NameFlags) => {
      const client = clientOf(flags)
      if (name === undefined) {
        const statuses = await client.call('list', {})
        print(flags, { ConnectionInformations: statuses }, formatStatuses(statuses))
        failWhenWrong(statuses)
        return
      }
      const status = await client.call('show', whereOf(name, flags))
      print(flags, status, formatStatus(status))
      failWhenWrong([status])
    })
}

function configurePolicy(policy: Command): void {
  const rule = [
    '<rule>',
    'host:port, CIDR[:ports] or *.suffix[:ports]; ports: 5432, 8000-8100, or several with commas',
  ] as const
  const show = (flags: AskFlags, rules: readonly string[]): void => {
    const empty = 'No rules: only the endpoints that hybrid connections had when they were added.\n'
    print(flags, rules, rules.length === 0 ? empty : `${rules.join('\n')}\n`)
  }
  asking(policy.command('list').description('Lists the rules.')).action(async (flags: AskFlags) =>
    show(flags, await clientOf(flags).call('policyList', {})),
  )
  asking(policy.command('allow').description('Adds a rule; it counts for the next stream.'))
    .argument(...rule)
    .action(async (text: string, flags: AskFlags) =>
      show(flags, await clientOf(flags).call('policyAllow', { rule: text })),
    )
  asking(policy.command('remove').description('Takes a rule away; streams that are open go on.'))
    .argument(...rule)
    .action(async (text: string, flags: AskFlags) =>
      show(flags, await clientOf(flags).call('policyRemove', { rule: text })),
    )
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
  asking(program.command(word).description(summary))
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

function stateOption(command: Command): Command {
  return command.option(
    '--state-dir <FOLDER>',
    'folder of the state and the control socket; default: POSTERN_HCM_DIR, else by user',
    defaultStateFolder(),
  )
}

function asking(command: Command): Command {
  return stateOption(command).addOption(
    new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json']).default('text'),
  )
}

function clientOf({ stateDir }: AskFlags): ControlClient {
  return new ControlClient(controlSocketPath(stateDir))
}

function print({ output }: AskFlags, value: unknown, text: string): void {
  process.stdout.write(output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : text)
}

function failWhenWrong(statuses: readonly HybridConnectionStatus[]): void {
  if (statuses.some(({ Problem }) => Problem !== undefined)) process.exitCode = 1
}
