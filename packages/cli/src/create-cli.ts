import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addBridgeCommand } from './commands/bridge.ts'
import { addConfigCommand } from './commands/config.ts'
import { addServerCommand } from './commands/server.ts'
import { addStartCommand } from './commands/start.ts'
import { addTokenCommand } from './commands/token.ts'
import { addUpCommand } from './commands/up.ts'

/** Builds the `postern` command line. What a command needs is imported when it runs. */
export function createCli(): Command {
  const cli = new Command('postern')
    .description('A self-hosted relay for unmodified Azure Relay Hybrid Connections clients.')
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError('(postern COMMAND --help shows examples)')
    .addHelpText('after', examples)
  for (const add of [
    addStartCommand,
    addUpCommand,
    addServerCommand,
    addBridgeCommand,
    addTokenCommand,
    addConfigCommand,
  ]) {
    add(cli)
  }
  for (const command of cli.commands) command.exitOverride()
  return cli
}

const examples = `
Examples:
  postern start                                    relay, private demo service and tunnel: see it work
  postern up --resources relay.yaml                relay for development, with what the file declares
  postern bridge -T db:127.0.0.1:5432 -x "$LISTEN" make a private service reachable through the relay
  postern bridge -L 127.0.0.1:15432:db -x "$SEND"  reach it on a local port
  postern token create -x "$SEND"                  a shared access signature for curl`

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
