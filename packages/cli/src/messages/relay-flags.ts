import type { RelayOptions } from '@postern/client'
import { applyNetworkFlags, networkFlagTable } from '@postern/program'
import { isRelayError, parseConnectionString, RelayError } from '@postern/protocol'
import { type Command, Option } from 'commander'
import { connectionStringHelp, readConnectionString } from '../connection-string-source.ts'

/** What the commands of messages say about the relay and the way there. */
export interface RelayFlags {
  readonly connectionString?: string
  readonly path?: string
  readonly proxy?: string
  readonly tlsCa: readonly string[]
  readonly tls: boolean
}

/** Adds the options of {@link RelayFlags}. */
export function addRelayFlags(command: Command): Command {
  return command
    .option('-x, --connection-string <text>', connectionStringHelp)
    .option('--path <name>', 'hybrid connection; default: EntityPath of the connection string')
    .option(networkFlagTable.proxy.flags, networkFlagTable.proxy.help)
    .addOption(repeatable(networkFlagTable.tlsCa.flags, networkFlagTable.tlsCa.help))
    .option('--no-tls', 'plain TCP, to a relay with --tls off: tokens travel readable')
}

/** An option that may be given several times. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((item: string, items: readonly string[]) => [...items, item])
    .default([], 'none')
}

/** @throws {RelayError} InvalidConnectionString, InvalidConfiguration */
export async function relayOptionsOf(flags: RelayFlags): Promise<RelayOptions> {
  const connectionString = await readConnectionString(flags.connectionString)
  const proxy = (await applyNetworkFlags(flags))?.reveal()
  return {
    connectionString,
    ...(flags.path !== undefined && { path: flags.path }),
    ...(!flags.tls && { tls: false }),
    ...(proxy !== undefined && { proxy }),
  }
}

/** Says how an action is allowed, where that is what is wrong; anything else stays what it is. */
export function withAdvice(
  thrown: unknown,
  { action, relay }: { readonly action: 'send' | 'publish' | 'subscribe'; readonly relay: RelayOptions },
): unknown {
  if (!isRelayError(thrown, 'ActionDisabled')) return thrown
  const name = relay.path ?? parseConnectionString(relay.connectionString ?? '').entityPath ?? 'NAME'
  return new RelayError('ActionDisabled', {
    message: `${name} does not allow ${action}`,
    help: `Its owner can allow it: \`actions: [connect, request, ${action}]\` in the resources file, or postern relay hyco update -n ${name} --namespace-name NAMESPACE -g GROUP --actions connect request ${action}`,
    cause: thrown,
  })
}
