import { Bridge, type BridgeOptions, bridgeOptionsOf, type CarrierMode, diagnoseBridge } from '@postern/bridge'
import {
  applyNetworkFlags,
  doctorExitCode,
  formatReports,
  networkFlagTable,
  reportsJson,
  resumeOptionTable,
} from '@postern/program'
import { type Command, Option } from 'commander'
import { type BridgeFlags, readBridgeConfiguration } from '../bridge-flags.ts'
import { createBridgeLog } from '../bridge-log.ts'
import { connectionStringHelp, connectionStringOfEnvironment } from '../connection-string-source.ts'
import { parseArgument } from '../parse-argument.ts'
import { programName } from '../program-name.ts'
import { awaitShutdown } from '../shutdown-request.ts'

interface OwnFlags extends BridgeFlags {
  readonly framing: 'azbridge' | 'raw'
  readonly carriers: CarrierMode
  readonly resumeTimeout?: number
  readonly resumeBuffer?: number
  readonly proxy?: string
  readonly tlsCa: readonly string[]
  readonly tls: boolean
  readonly json?: boolean
  readonly doctor?: boolean
  readonly targetTls: boolean
}

/** Connections that are open when a service manager stops the bridge may end for this long; Ctrl-C cuts them. */
const graceMs = 10_000

/** People wait for it. */
const doctorMs = 14_000

/** Adds `postern bridge`: tunnels through a relay. */
export function configureBridgeCommand(command: Command): void {
  addForwards(command)
  addAzbridgeOptions(command)
  command
    .addOption(
      new Option('--framing <form>', "azbridge: Microsoft's preamble; raw: bare bytes, as HCM. Both ends must agree")
        .choices(['azbridge', 'raw'])
        .default('azbridge'),
    )
    .addOption(
      new Option(
        '--carriers <mode>',
        'auto: between ends of ours, many connections share few relayed connections and outlive them; off: one each',
      )
        .choices(['auto', 'off'])
        .default('auto'),
    )
    .addOption(amount('--resume-timeout <time>', resumeOptionTable.timeout))
    .addOption(amount('--resume-buffer <size>', resumeOptionTable.buffer))
    .option(networkFlagTable.proxy.flags, networkFlagTable.proxy.help)
    .addOption(repeatable(networkFlagTable.tlsCa.flags, networkFlagTable.tlsCa.help))
    .option('--no-tls', 'plain TCP, to a relay with --tls off: tokens travel readable')
    .option('--json', 'log as JSON, a line for each event; with --doctor one document')
    .option('--doctor', 'look at every hop in place of running; say which is broken, and what to do')
    .option('--target-tls', 'with --doctor: targets must speak TLS with a certificate that is trusted here', false)
    .addHelpText('after', examples(programName()))
    .action((flags: OwnFlags) => runBridge(flags))
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((item: string, items: readonly string[]) => [...items, item])
    .default([], 'none')
}

function amount(
  flags: string,
  entry: (typeof resumeOptionTable)['timeout'] | (typeof resumeOptionTable)['buffer'],
): Option {
  return new Option(flags, `${entry.help} Default: ${entry.default}`).argParser((text) => parseArgument(entry, text))
}

function addForwards(command: Command): void {
  command
    .addOption(
      repeatable(
        '-T, --remote <relay:[name/][host:]port>',
        'lead senders of a hybrid connection to a service: port, UDP port (53U), range (8000-8100) or Unix socket; may be repeated, several by ";"',
      ),
    )
    .addOption(
      repeatable(
        '-L, --local <[host:]port[/name]:relay>',
        'open a local port (or UDP port, range, Unix socket) that leads to a hybrid connection; may be repeated',
      ),
    )
    .addOption(
      repeatable(
        '-H, --http <relay:scheme/host[/path][:port]>',
        'lead HTTP requests of a hybrid connection to a web service, http or https; may be repeated',
      ),
    )
    .addOption(
      repeatable(
        '--allow <host:ports>',
        'targets that -T and -H may reach at most; "-T relay:host:*" needs it; may be repeated',
      ),
    )
    .addOption(repeatable('-R, --remote-old <relay:[host:][name/]port>', "azbridge's old form of -T").hideHelp())
}

/** Their letters and meaning are azbridge's. */
function addAzbridgeOptions(command: Command): void {
  command
    .option('-x, --connection-string <text>', connectionStringHelp)
    .option('-e, --endpoint <uri>', 'the relay, over that of the connection string')
    .option('-K, --key-name <name>', 'authorization rule, over that of the connection string')
    .option('-k, --key <text>', 'its key, or @FILE')
    .option('-s, --signature <text>', 'a ready-made shared access signature, or @FILE, instead of rule and key')
    .option(
      '-f, --file <file>',
      "azbridge's configuration file; default: ~/.azbridge/azbridge_config.yml if it is there",
    )
    .option(
      '--svc',
      "as azbridge's service: /etc/azbridge/azbridge_config.svc.yml in place of the user's file, if there",
    )
    .addOption(repeatable('-o, --option <key:value>', 'a value of the configuration file; may be repeated'))
    .option('-b, --bind-address <address>', 'address of this machine that connections to targets come from')
    .option('-a, --keep-alive <seconds>', 'how often the relay is pinged; default: 30')
    .option('-g, --gateway-ports', 'local ports without an address are open for other machines')
    .option('-C, --clear-forwards', 'forget the forwards of configuration files')
    .option('-l, --log-file <file>', 'write the log there instead of standard error')
    .option('-q, --quiet', 'no log')
    .option('-v, --verbose', 'also a line for each connection')
}

function examples(postern: string): string {
  return `
It goes on whatever happens to relay, service or network, until Ctrl-C.

Examples:
  export POSTERN_CONNECTION_STRING='Endpoint=sb://relay.example.test/;SharedAccessKeyName=...;SharedAccessKey=...'
  ${postern} bridge -T db:127.0.0.1:5432              # beside the private service
  ${postern} bridge -L 127.0.0.1:15432:db             # beside the application
  ${postern} bridge -T db:5432 -T web:10.0.0.7:80 -x @/run/secrets/listen --tls-ca .postern/certificates/development-ca.pem
  ${postern} bridge -T 'site:sql/10.0.0.5:5432;redis/10.0.0.6:6379'   # two services by one hybrid connection
  ${postern} bridge -T dns:10.0.0.1:53U               # UDP
  ${postern} bridge -T pg:/run/postgresql/.s.PGSQL.5432   # a Unix socket
  ${postern} bridge -H web:http/10.0.0.7:8080         # HTTP requests to a web service
  ${postern} bridge -T 'site:10.0.0.5:*' --allow 10.0.0.5:8000-8100   # many ports, no others
  ${postern} bridge -T db:127.0.0.1:5432 --doctor     # which hop is broken, and what to do
  ${postern} bridge -f azbridge_config.yml            # azbridge's configuration file`
}

async function runBridge(flags: OwnFlags): Promise<void> {
  using shutdown = awaitShutdown()
  const configuration = await readBridgeConfiguration(flags)
  const options = bridgeOptionsOf(configuration, connectionStringOfEnvironment())
  const { logLevel = 'info', logFileName } = configuration
  const proxy = (await applyNetworkFlags(flags))?.reveal()
  const bridgeOptions: BridgeOptions = {
    ...options,
    relay: {
      ...options.relay,
      ...(!flags.tls && { tls: false }),
      ...(proxy !== undefined && { proxy }),
    },
    framing: flags.framing,
    carriers: flags.carriers,
    resume: { timeoutMs: flags.resumeTimeout, bufferBytes: flags.resumeBuffer },
    logger: createBridgeLog({
      level: logLevel,
      json: flags.json ?? false,
      ...(logFileName !== undefined && { file: logFileName }),
    }),
  }
  // Says also what is wrong with the forwards, before anything is dialed.
  const bridge = new Bridge(bridgeOptions)
  if (flags.doctor) return diagnose(bridgeOptions, flags)
  await bridge.start()
  const signal = await shutdown.signal
  await bridge.stop({ graceMs: signal === 'SIGTERM' ? graceMs : 0 })
}

async function diagnose(options: BridgeOptions, { targetTls: demandsTls, json }: OwnFlags): Promise<void> {
  const reports = await diagnoseBridge(options, { signal: AbortSignal.timeout(doctorMs), demandsTls })
  process.stdout.write(json ? reportsJson(reports) : formatReports(reports, process.stdout.columns))
  process.exitCode = doctorExitCode(reports)
}
