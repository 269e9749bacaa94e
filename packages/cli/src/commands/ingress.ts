import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { type RelayWay, RelayWays } from '@postern/bridge'
import { applyNetworkFlags, createLogger, networkFlagTable, Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { hashPassword, startIngressProcess } from '@postern/server'
import { type Command, Option } from 'commander'
import { connectionStringHelp, readConnectionString } from '../connection-string-source.ts'
import { createIngressProbe } from '../ingress-probe.ts'
import { parseArgument } from '../parse-argument.ts'
import { programName } from '../program-name.ts'
import { awaitShutdown } from '../shutdown-request.ts'

interface IngressFlags {
  readonly file: string
  readonly namespace?: string
  readonly connectionString?: string
  readonly tlsCert: readonly string[]
  readonly tlsKey: readonly string[]
  readonly sessionKeyFile?: string
  readonly health: string
  readonly drainTimeout: number
  readonly logFormat: 'json' | 'text'
  readonly proxy?: string
  readonly tlsCa: readonly string[]
  readonly tls: boolean
  readonly verbose?: boolean
}

/** Shorter than what service managers wait for as a rule. */
const defaultDrainTimeoutMs = 10_000

/** Adds `postern ingress`: public ports in a process of their own. */
export function configureIngressCommand(command: Command): void {
  const repeatable = (flags: string, description: string): Option =>
    new Option(flags, description)
      .argParser((item: string, items: readonly string[]) => [...items, item])
      .default([], 'none')
  command
    .option('-f, --file <file>', 'resources file whose ingress entries are opened; read again when it changes')
    .option('--namespace <name>', 'of this namespace; default: the only one of the file with ingress')
    .option('-x, --connection-string <text>', connectionStringHelp)
    .addOption(repeatable('--tls-cert <file>', 'certificate for entries with tls: terminate; may be repeated'))
    .addOption(repeatable('--tls-key <file>', 'its key, in the same order'))
    .option(
      '--session-key-file <file>',
      'random text (32 characters or more) that seals sessions of people who sign in (oidc); the same for processes side by side. Default: made at each start',
    )
    .option(
      '--health <[host:]port>',
      'where /healthz, /readyz and /metrics are; they ask for no credentials',
      '127.0.0.1:8446',
    )
    .addOption(
      new Option('--drain-timeout <time>', 'how long devices may go on after SIGTERM; Ctrl-C cuts them')
        .argParser((text) => parseArgument({ type: 'duration' }, text))
        .default(defaultDrainTimeoutMs, '10s'),
    )
    .addOption(
      new Option('--log-format <form>', 'json for machines, text for people. Lines go to standard error')
        .choices(['json', 'text'])
        .default('json'),
    )
    .option(networkFlagTable.proxy.flags, networkFlagTable.proxy.help)
    .addOption(repeatable(networkFlagTable.tlsCa.flags, networkFlagTable.tlsCa.help))
    .option('--no-tls', 'plain TCP, to a relay with --tls off: tokens travel readable')
    .option('-v, --verbose', 'also a line for each device that comes')
    .addHelpText('after', examples(programName()))
    .action((flags: IngressFlags) => runIngress(flags))
  command
    .command('password')
    .description('Reads a password from standard input and prints what to write as passwordHash.')
    .action(printHash)
}

function examples(postern: string): string {
  return `
It needs a key with the Send right and the data door of the relay, and keeps nothing: any number of them may stand behind a load balancer.

Examples:
  export POSTERN_CONNECTION_STRING='Endpoint=sb://relay.example.test/;SharedAccessKeyName=...;SharedAccessKey=...'
  ${postern} ingress -f relay.yaml                          # the ports that the relay would open itself
  ${postern} ingress -f relay.yaml --namespace site-1 --health 0.0.0.0:8446
  ${postern} ingress -f relay.yaml --tls-cert site.pem --tls-key site-key.pem
  openssl rand -base64 32 > session.key                     # once, for all of them
  ${postern} ingress -f relay.yaml --session-key-file session.key
  printf %s "$PASSWORD" | ${postern} ingress password       # for users of HTTP hosts`
}

async function printHash(): Promise<void> {
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (password === '') throw new RelayError('InvalidConfiguration', { message: 'Standard input holds no password' })
  process.stdout.write(`${await hashPassword(new Secret(password))}\n`)
}

async function runIngress(flags: IngressFlags): Promise<void> {
  if (flags.file === undefined) {
    throw new RelayError('InvalidConfiguration', { message: 'No file: give -f relay.yaml with ingress entries' })
  }
  using shutdown = awaitShutdown()
  const connectionString = await readConnectionString(flags.connectionString)
  const proxy = (await applyNetworkFlags(flags))?.reveal()
  const log = createLogger({ level: flags.verbose ? 'debug' : 'info', format: flags.logFormat })
  const sessionKey = flags.sessionKeyFile === undefined ? undefined : await readSessionKey(flags.sessionKeyFile)
  using ways = new RelayWays()
  const network = { ...(!flags.tls && { tls: false as const }), ...(proxy !== undefined && { proxy }) }
  const senderOf = (path: string): RelayWay => ways.to({ connectionString, path, ...network })
  const probe = createIngressProbe({
    relay: { connectionString, path: 'any', ...network },
    senderOf: (path) => senderOf(path).sender,
  })
  const running = await startIngressProcess({
    file: flags.file,
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
    senderOf,
    probe,
    certificates: pairsOf(flags),
    ...(sessionKey && { sessionKey }),
    health: readPlace(flags.health),
    log,
  })
  const signal = await shutdown.signal
  const drainTimeoutMs = signal === 'SIGTERM' ? flags.drainTimeout : 0
  log.info('ingress.stopping', { signal, drainTimeoutMs })
  await running.stop({ graceMs: drainTimeoutMs })
  log.info('ingress.stopped')
}

/** Shorter ones are words, which can be guessed. */
const minSessionKeyLength = 32

async function readSessionKey(file: string): Promise<Secret> {
  const invalid = (problem: string, cause?: unknown): RelayError =>
    new RelayError('InvalidConfiguration', { message: `--session-key-file ${file}: ${problem}`, cause })
  const key = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (key.trim().length >= minSessionKeyLength) return new Secret(key.trim())
  throw invalid(`must hold ${minSessionKeyLength} random characters or more; make one with: openssl rand -base64 32`)
}

function pairsOf({ tlsCert, tlsKey }: IngressFlags): { readonly certFile: string; readonly keyFile: string }[] {
  if (tlsCert.length !== tlsKey.length) {
    throw new RelayError('InvalidConfiguration', { message: 'Each --tls-cert needs its --tls-key, in the same order' })
  }
  return tlsCert.map((certFile, at) => ({ certFile, keyFile: tlsKey[at] ?? '' }))
}

function readPlace(text: string): { readonly host: string; readonly port: number } {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new RelayError('InvalidConfiguration', {
      message: `--health "${text}": must be a port, or an address and a port`,
    })
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
