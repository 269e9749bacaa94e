import { addTableOptions, createLogger, typedFlags } from '@postern/program'
import type { RunningRelay } from '@postern/server'
import type { Command } from 'commander'
import { openRelay } from '../open-relay.ts'
import { programName } from '../program-name.ts'
import { type ReadyFacts, readyFacts } from '../ready-facts.ts'
import { bridgeTrustFlags, formatAddresses, formatConnectionStrings, formatTrust } from '../ready-report.ts'
import { developmentTable, readRelaySettings, warnUnknownEnvironment } from '../relay-settings.ts'
import { shellQuote } from '../shell-quote.ts'
import { awaitShutdown } from '../shutdown-request.ts'

/** What most developers need; `postern server --help` describes all of them. */
const shownOptions: readonly string[] = [
  'dataPort',
  'managementPort',
  'bind',
  'publicHost',
  'baseDomain',
  'data',
  'inMemory',
  'resources',
  'logLevel',
  'logFormat',
]

/** Adds `postern up`: a relay for development. */
export function configureUpCommand(command: Command): void {
  addTableOptions(command, developmentTable, shownOptions)
  command
    .option('--json', 'print one line when ready, with everything that a script needs')
    .addHelpText('after', examples(programName()))
    .action((options: { readonly json?: boolean }) => runUp(command, options))
}

function examples(postern: string): string {
  return `The other options of \`${postern} server --help\` work too.

Examples:
  ${postern} up --resources relay.yaml
  ${postern} up --in-memory --data-port 0 --management-port 0 --json
  ${postern} up --public-host "$(hostname -f)"        # reached from other machines

A resources file (the keys are made when left out):
${sampleResources}`
}

const sampleResources = `  namespaces:
    - name: local
      default: true
      rules: [{ name: root, rights: [Listen, Send, Manage] }]
      hybridConnections: [{ name: db }]`

async function runUp(command: Command, { json = false }: { readonly json?: boolean }): Promise<void> {
  using shutdown = awaitShutdown()
  const settings = readRelaySettings(developmentTable, { flags: typedFlags(command, developmentTable) })
  const { config } = settings
  const log = createLogger({ level: config.logLevel, format: config.logFormat })
  warnUnknownEnvironment(settings, log)
  await using relay = await openRelay(config, { log })
  const facts = readyFacts(relay)
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : formatReady(facts))
  if (!json) tellChanges(relay)
  await shutdown.signal
  await relay.stop({ graceMs: config.drainTimeoutMs })
}

/** A resources file that is read again brings its changes one by one. */
const changesSettleMs = 100

/** Prints the connection strings again when they have changed: who edits the resources file wants the new ones. */
function tellChanges(relay: RunningRelay): void {
  let told = formatConnectionStrings({ hybridConnections: relay.hybridConnections() })
  const tell = (): void => {
    const text = formatConnectionStrings({ hybridConnections: relay.hybridConnections() })
    if (text !== told) process.stdout.write(text || '\nNo hybrid connection is left.\n')
    told = text
  }
  let settling: NodeJS.Timeout | undefined
  relay.server.catalog.onChange(() => {
    clearTimeout(settling)
    settling = setTimeout(tell, changesSettleMs).unref()
  })
}

function formatReady(facts: ReadyFacts): string {
  return `Postern is ready.

${formatAddresses(facts)}${formatTrust(facts)}${formatConnectionStrings(facts)}
${formatNext(facts)}
Ctrl-C stops it.
`
}

function formatSignIn({ management, caFile }: ReadyFacts): string {
  const ca = caFile === null ? '' : ` --ca ${shellQuote(caFile)}`
  return `Sign in as the administrator, to manage what there is (postern relay, group, role, ... --help):
  ${programName()} login --endpoint ${management}${ca}
`
}

function formatNext(facts: ReadyFacts): string {
  const all = facts.hybridConnections.filter(({ listen, send }) => listen !== null && send !== null)
  const usable = all.find(({ actions }) => actions.includes('connect')) ?? all[0]
  if (!usable?.listen || !usable.send) {
    return `No hybrid connection can be used yet. Declare some in a file and start with --resources FILE:
${sampleResources}
${formatSignIn(facts)}`
  }
  const { name, listen, send, actions } = usable
  const trust = bridgeTrustFlags(facts)
  if (actions.includes('publish') && actions.includes('subscribe') && !actions.includes('connect')) {
    return `Next, a message to all who subscribe:
  ${programName()} subscribe ${trust}-x ${shellQuote(listen)}
  ${programName()} publish ${trust}-x ${shellQuote(send)} 'hello'
${formatSignIn(facts)}`
  }
  const bridge = `${programName()} bridge ${trust}`
  return `Next, a tunnel to port 5432 of this machine:
  ${bridge}-T ${name}:127.0.0.1:5432 -x ${shellQuote(listen)}
  ${bridge}-L 127.0.0.1:15432:${name} -x ${shellQuote(send)}
${formatSignIn(facts)}`
}
