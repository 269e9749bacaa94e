import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { programName } from './program-name.ts'

/** One command: what the list of commands says about it, and where the rest is. */
interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Gives the function that adds options, help and action. */
  readonly load: () => Promise<(command: Command) => void>
}

const commands: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'A relay, a private demo service and a tunnel to it: see it work.',
    load: async () => (await import('./commands/start.ts')).configureStartCommand,
  },
  {
    name: 'up',
    summary: 'A relay for development, with a certificate authority of its own.',
    load: async () => (await import('./commands/up.ts')).configureUpCommand,
  },
  {
    name: 'server',
    summary: 'A relay in production.',
    load: async () => (await import('./commands/server.ts')).configureServerCommand,
  },
  {
    name: 'bridge',
    summary: 'Tunnels: a private service into a relay, or out of it as a local port.',
    load: async () => (await import('./commands/bridge.ts')).configureBridgeCommand,
  },
  {
    name: 'ingress',
    summary: 'Public ports that lead to private services, beside a relay.',
    load: async () => (await import('./commands/ingress.ts')).configureIngressCommand,
  },
  {
    name: 'send',
    summary: 'Sends a message to one receiver of a hybrid connection.',
    load: async () => (await import('./commands/send.ts')).configureMessageCommand('send'),
  },
  {
    name: 'publish',
    summary: 'Sends a message to every receiver of a hybrid connection.',
    load: async () => (await import('./commands/send.ts')).configureMessageCommand('publish'),
  },
  {
    name: 'subscribe',
    summary: 'Prints what is published to a hybrid connection.',
    load: async () => (await import('./commands/subscribe.ts')).configureSubscribeCommand,
  },
  {
    name: 'connector',
    summary: 'Programs of this machine open private services by their own names.',
    load: async () => (await import('./connector/configure-connector.ts')).configureConnectorCommand,
  },
  {
    name: 'tcpping',
    summary: 'Says whether the service at the far end of an endpoint answers, hop by hop.',
    load: async () => (await import('./connector/configure-connector.ts')).configureTcppingCommand,
  },
  {
    name: 'token',
    summary: 'Makes and explains shared access signatures.',
    load: async () => (await import('./commands/token.ts')).configureTokenCommand,
  },
  {
    name: 'audit',
    summary: 'Verifies and lists the audit log of a relay.',
    load: async () => (await import('./commands/audit.ts')).configureAuditCommand,
  },
  {
    name: 'identity',
    summary: 'Gives the administrator of a stopped relay a new secret.',
    load: async () => (await import('./commands/identity.ts')).configureIdentityCommand,
  },
  {
    name: 'config',
    summary: 'Checks and prints the configuration of a relay.',
    load: async () => (await import('./commands/config.ts')).configureConfigCommand,
  },
  {
    name: 'login',
    summary: 'Signs you, or a program, in at a relay.',
    load: async () => (await import('./manage/login.ts')).configureLoginCommand,
  },
  {
    name: 'logout',
    summary: 'Forgets a sign-in.',
    load: async () => (await import('./manage/account-commands.ts')).configureLogoutCommand,
  },
  {
    name: 'account',
    summary: 'The sign-ins of this computer, and which of them commands use.',
    load: async () => (await import('./manage/account-commands.ts')).configureAccountCommand,
  },
  managed('group', 'Resource groups.'),
  managed('relay', 'Namespaces, hybrid connections, their rules and keys.'),
  managed('webapp', 'Apps and their hybrid connections.'),
  managed('appservice', 'Plans, and the hybrid connections of all their apps.'),
  managed('role', 'Roles, and who has them where.'),
  managed('principal', 'People and programs of the built-in identity.'),
  {
    name: 'hcm',
    summary: 'Hybrid Connection Managers: runs one here; who has enrolled, and how they are.',
    load: async () => {
      const { configureHcm } = await import('@postern/hcm')
      const configureRegistry = (await import('./manage/configure-commands.ts')).configureManagedGroup('hcm')
      return (command) => {
        configureRegistry(command)
        configureHcm(command)
        command.addHelpText('after', hcmNote)
      }
    },
  },
  managed('usage', 'What a namespace used, as it would be billed.'),
  managed('monitor', 'What was done.'),
  {
    name: 'rest',
    summary: 'Any request of the management API.',
    load: async () => (await import('./manage/rest.ts')).configureRestCommand,
  },
  {
    name: 'completion',
    summary: 'Completion of commands and options for a shell.',
    load: async () => {
      const { configureCompletionCommand } = await import('./manage/completion/completion-command.ts')
      return (command) => configureCompletionCommand(command, createWholeCli)
    },
  },
]

/** A command whose parts stand in the table of commands of the management API. */
const hcmNote = `
list, show, enrol, revoke and enrolment ask a relay about all its managers. The other commands are about the one that runs here,
and are those of the program hcm: hcm run, hcm add, hcm status, hcm doctor.`

function managed(name: string, summary: string): CommandEntry {
  return {
    name,
    summary,
    load: async () => (await import('./manage/configure-commands.ts')).configureManagedGroup(name),
  }
}

/**
 * Builds the `postern` command line. Only the command that is meant by `args` is imported; of the others there is no more
 * than name and summary.
 * @param args what stands behind the program's name; to be parsed with `{ from: 'user' }`
 */
export async function createCli(args: readonly string[]): Promise<Command> {
  const [meant] = args.filter((arg) => !arg.startsWith('-') && arg !== 'help')
  return buildCli((name) => name === meant)
}

/** The same with every command imported: for completion and documentation. */
export async function createWholeCli(): Promise<Command> {
  return buildCli(() => true)
}

async function buildCli(isWanted: (name: string) => boolean): Promise<Command> {
  const cli = new Command('postern')
    .description('A self-hosted relay for unmodified Azure Relay Hybrid Connections clients.')
    .version(readVersion())
    // postern connector has options of its own, and so have its commands.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows options and examples)')
    .addHelpText('after', examples())
  for (const { name, summary, load } of commands) {
    const command = cli.command(name).description(summary)
    if (isWanted(name)) (await load())(command)
  }
  return cli
}

function examples(): string {
  const postern = programName()
  return `
Examples:
  ${postern} start                                     relay, private demo service and tunnel: see it work
  ${postern} up --resources relay.yaml                 relay for development, with what the file declares
  ${postern} bridge -T db:127.0.0.1:5432 -x "$LISTEN"  make a private service reachable through the relay
  ${postern} bridge -L 127.0.0.1:15432:db -x "$SEND"   reach it on a local port
  ${postern} connector -f connector.yml --hosts          programs open private services by their own names
  ${postern} token create -x "$SEND" --header          a shared access signature for curl
  ${postern} login --endpoint https://HOST:8444        sign in; then relay, group and the others manage that relay

${postern} COMMAND --help has the options and more examples. POSTERN_DEBUG=1 adds stacks to error messages.`
}

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
