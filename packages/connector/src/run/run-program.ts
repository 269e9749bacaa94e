import { RelayError } from '@postern/protocol'
import { Connector } from '../connector.ts'
import type { ConnectorOptions } from '../connector-options.ts'
import { hostsLines } from '../hosts/hosts-lines.ts'
import { checkNameService } from './check-name-service.ts'
import { type FallBack, fallBackAdvice, fallBackOf, javaEnvironment, nodeEnvironment } from './fall-back.ts'
import { runInForeground } from './foreground-program.ts'
import type { Command } from './namespace-commands.ts'
import { obstaclesOf, readFirstFreePort } from './obstacles.ts'
import { OwnNetwork, ownNetworkHolder } from './own-network.ts'
import { PrivateHostsFile } from './private-hosts-file.ts'
import { NamespacesForbidden, PrivateNamespace } from './private-namespace.ts'

/** Apps and relays are waited for before the program begins: it may ask for a name only once. */
const settleTimeoutMs = 10_000

/** How a program comes to see the endpoints. */
export type Way = 'auto' | 'namespace' | FallBack

/** What {@link runProgram} works with. */
export interface RunOptions {
  readonly command: Command
  readonly way: Way
  /** The program gets a network in which there is nothing but the endpoints. */
  readonly ownNetwork: boolean
  readonly connector: ConnectorOptions
  /** By which the hook in a Node program finds the same settings. */
  readonly hookEnvironment: Readonly<Record<string, string>>
  /** Takes what the user should know, a line at a time. */
  readonly note: (line: string) => void
}

/**
 * Runs a program that sees the endpoints by their names, and its children too; nobody else does.
 * @returns the exit code of the program
 * @throws {RelayError} InvalidConfiguration when the system does not allow it, with the reason and other ways
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const { way, command, ownNetwork, note } = options
  if (way === 'node') return runWithHook(options)
  if (way === 'java') return runWithHostsProperty(options)
  try {
    return await runInNamespace(options)
  } catch (error) {
    if (!(error instanceof NamespacesForbidden)) throw error
    const fallBack = way === 'auto' && !ownNetwork ? fallBackOf(command[0]) : undefined
    if (fallBack === undefined) {
      const message = `The program cannot have namespaces of its own. ${error.message}\n${fallBackAdvice}`
      throw new RelayError('InvalidConfiguration', { message, cause: error })
    }
    note(`No namespaces of its own for the program: ${error.message} It is run by --way ${fallBack}.`)
    return fallBack === 'node' ? runWithHook(options) : runWithHostsProperty(options)
  }
}

async function runInNamespace(options: RunOptions): Promise<number> {
  const { command, ownNetwork, connector: settings, note } = options
  await using hosts = await PrivateHostsFile.create([])
  await using namespace = await PrivateNamespace.open({
    hostsFile: hosts.path,
    ownNetwork,
    ...(ownNetwork && { holder: ownNetworkHolder() }),
  })
  await hosts.unlink()
  const network = ownNetwork ? { sockets: new OwnNetwork(namespace) } : {}
  await using connector = await startConnector(options, { ...settings, ...network }, hosts)
  const around = { ownNetwork, firstFreePort: readFirstFreePort() }
  const problems = [checkNameService() ?? [], obstaclesOf(connector.targets, around)].flat()
  for (const problem of problems) note(problem)
  return await runInForeground(namespace.command(command))
}

/** Every Node program below leads its own connections; nothing is listened for here. */
function runWithHook({ command, hookEnvironment }: RunOptions): Promise<number> {
  const env = { ...process.env, ...hookEnvironment }
  return runInForeground(command, { env: nodeEnvironment(env, import.meta.resolve('@postern/connector/register')) })
}

async function runWithHostsProperty(options: RunOptions): Promise<number> {
  const { command, connector: settings, note } = options
  await using hosts = await PrivateHostsFile.create([])
  await using connector = await startConnector(options, settings, hosts)
  for (const problem of obstaclesOf(connector.targets, { ownNetwork: false, firstFreePort: readFirstFreePort() })) {
    note(problem)
  }
  return await runInForeground(command, { env: javaEnvironment(process.env, hosts.path) })
}

function silenceOf(subject: string): string {
  return `${subject} has not said within ${settleTimeoutMs / 1000} s which endpoints there are: the program begins, and their names come into being when it does`
}

/** Starts a connector that keeps a hosts file up to date. */
async function startConnector(
  { note }: Pick<RunOptions, 'note'>,
  options: ConnectorOptions,
  hosts: PrivateHostsFile,
): Promise<Connector> {
  const connector = new Connector(options)
  const write = (): Promise<void> => hosts.write(hostsLines(connector.addresses, connector.searchDomains))
  connector.on(
    'change',
    () => void write().catch((error: Error) => options.logger?.error('connector.hosts', { error })),
  )
  await connector.start()
  await connector.settled(AbortSignal.timeout(settleTimeoutMs))
  for (const subject of connector.awaited) note(silenceOf(subject))
  await write()
  return connector
}
