import { readFile } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'
import { Bridge } from '@postern/bridge'
import { createLogger, type Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type Command, Option } from 'commander'
import { BridgeLines } from '../bridge-lines.ts'
import { connectionStringHelp, readConnectionString } from '../connection-string-source.ts'
import { programName } from '../program-name.ts'
import { awaitShutdown } from '../shutdown-request.ts'

interface BridgeFlags {
  readonly remote: readonly string[]
  readonly local: readonly string[]
  readonly connectionString?: string
  readonly framing: 'azbridge' | 'raw'
  readonly tlsCa?: string
  readonly tls: boolean
  readonly json?: boolean
  readonly verbose?: boolean
}

/** Connections that are open when a service manager stops the bridge may end for this long; Ctrl-C cuts them. */
const graceMs = 10_000

/** Adds `postern bridge`: TCP tunnels through a relay. */
export function configureBridgeCommand(command: Command): void {
  const append = (item: string, items: readonly string[]): readonly string[] => [...items, item]
  command
    .addOption(
      new Option(
        '-T, --remote <relay:[name/][host:]port>',
        'lead senders of a hybrid connection to a TCP service; may be repeated, several targets by ";"',
      )
        .argParser(append)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '-L, --local <[host:]port[/name]:relay>',
        'open a local port that leads to a hybrid connection; may be repeated',
      )
        .argParser(append)
        .default([], 'none'),
    )
    .option('-x, --connection-string <text>', connectionStringHelp)
    .addOption(
      new Option('--framing <form>', "azbridge: Microsoft's preamble; raw: bare bytes, as HCM. Both ends must agree")
        .choices(['azbridge', 'raw'])
        .default('azbridge'),
    )
    .option('--tls-ca <file>', 'PEM file of a certificate authority to trust, besides the public ones')
    .option('--no-tls', 'plain TCP, to a relay with --tls off: tokens travel readable')
    .option('--json', 'log as JSON, a line for each event')
    .option('-v, --verbose', 'also a line for each connection')
    .addHelpText('after', examples(programName()))
    .action((flags: BridgeFlags) => runBridge(flags))
}

function examples(postern: string): string {
  return `
It goes on whatever happens to relay, service or network, until Ctrl-C.

Examples:
  export POSTERN_CONNECTION_STRING='Endpoint=sb://relay.example.test/;SharedAccessKeyName=...;SharedAccessKey=...'
  ${postern} bridge -T db:127.0.0.1:5432              # beside the private service
  ${postern} bridge -L 127.0.0.1:15432:db             # beside the application
  ${postern} bridge -T db:5432 -T web:10.0.0.7:80 -x @/run/secrets/listen --tls-ca .postern/certificates/development-ca.pem
  ${postern} bridge -T 'site:sql/10.0.0.5:5432;redis/10.0.0.6:6379'   # two services by one hybrid connection`
}

async function runBridge(flags: BridgeFlags): Promise<void> {
  using shutdown = awaitShutdown()
  const bridge = new Bridge({
    relay: {
      connectionString: await readConnectionString(flags.connectionString),
      ...(!flags.tls && { tls: false }),
      ...(flags.tlsCa !== undefined && { tls: { ca: await readAuthorities(flags.tlsCa) } }),
    },
    remoteForwards: flags.remote,
    localForwards: flags.local,
    framing: flags.framing,
    logger: createBridgeLogger(flags),
  })
  await bridge.start()
  const signal = await shutdown.signal
  await bridge.stop({ graceMs: signal === 'SIGTERM' ? graceMs : 0 })
}

function createBridgeLogger({ json = false, verbose = false }: BridgeFlags): Logger {
  if (json) return createLogger({ level: verbose ? 'debug' : 'info', format: 'json' })
  return new BridgeLines({ verbose, write: (line) => process.stderr.write(line) })
}

async function readAuthorities(file: string): Promise<string[]> {
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (cause) {
    throw invalid(`--tls-ca ${file} cannot be read: ${(cause as Error).message}`, cause)
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw invalid(`--tls-ca ${file} holds no certificate in PEM form`)
  return [...getCACertificates('default'), pem]
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
