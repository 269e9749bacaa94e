import { hopTable, markdownRow, optionTableJsonSchema, optionTableMarkdown } from '@postern/program'
import { type ErrorEntry, errorTable } from '@postern/protocol'
import { managedCommands, managedGroups } from '../packages/cli/src/manage/command-table.ts'
import { commandsMarkdown } from '../packages/cli/src/manage/commands-markdown.ts'
import { connectorFileJsonSchema } from '../packages/connector/src/settings/connector-file.ts'
import { connectorOptionTable } from '../packages/connector/src/settings/option-table.ts'
import { hcmOptionTable } from '../packages/hcm/src/options/option-table.ts'
import { rotationOptionTable } from '../packages/server/src/config/master-key-rotation-table.ts'
import { optionTable } from '../packages/server/src/config/option-table.ts'
import { openApiDocument } from '../packages/server/src/management/openapi/openapi-document.ts'
import { routesMarkdown } from '../packages/server/src/management/openapi/routes-markdown.ts'
import { routeTable } from '../packages/server/src/management/route-table.ts'
import { serverVersion } from '../packages/server/src/server-version.ts'
import { metricsMarkdown } from '../packages/server/src/telemetry/metrics-markdown.ts'
import { commandHelpMarkdown } from './command-help-page.ts'

const note = '<!-- Made by tools/generate-docs.ts from the table in the source. Do not edit. -->'

/** The pages of docs/reference that are made from tables and help texts: file name to text. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['options.md', page(optionsIntroduction, `${optionTableMarkdown(optionTable)}\n${rotationOptions}`)],
    [
      'options.schema.json',
      `${JSON.stringify(optionTableJsonSchema(optionTable, { title: 'Postern relay options' }), null, 2)}\n`,
    ],
    ['connector-options.md', page(connectorOptionsIntroduction, optionTableMarkdown(connectorOptionTable))],
    ['connector.schema.json', `${JSON.stringify(connectorFileJsonSchema(), null, 2)}\n`],
    ['hcm-options.md', page(hcmOptionsIntroduction, optionTableMarkdown(hcmOptionTable))],
    ['metrics.md', page(metricsIntroduction, metricsMarkdown())],
    ['doctor.md', page(doctorIntroduction, hopsMarkdown())],
    ['errors.md', page(errorsIntroduction, errorsMarkdown(errorTable))],
    ['cli.md', page(commandsIntroduction, commandsMarkdown(managedCommands, managedGroups))],
    ['commands.md', page(helpIntroduction, await commandHelpMarkdown())],
    ['management-routes.md', page(routesIntroduction, routesMarkdown(routeTable))],
    ['openapi.json', `${JSON.stringify(openApiDocument(routeTable, { version: serverVersion() }), null, 2)}\n`],
  ])
}

const optionsIntroduction = `# Options of the relay

A flag wins over the environment, the environment over the file, the file over the default. The file is YAML with the names of
the first column; a name that is not in this table is an error. A flag for a list may be given several times. Durations have a
unit (\`250ms\`, \`30s\`, \`5m\`, \`1h\`, \`2d\`), sizes may have one (\`65536\`, \`64KiB\`, \`1MiB\`). Editors check the file with
[options.schema.json](options.schema.json).`

const rotationOptions = `# Options of postern config rotate-master-key

Those above, to find folder and key of the relay as it does, and:

${optionTableMarkdown(rotationOptionTable)}`

const connectorOptionsIntroduction = `# Options of postern connector

A flag wins over the environment, the environment over the file, the file over the default. \`-f FILE\` (or
\`POSTERN_CONNECTOR_CONFIG\`) names the file: YAML with the names of the first column and the list \`endpoints\`; editors check it
with [connector.schema.json](connector.schema.json). \`-x\` (or \`POSTERN_CONNECTION_STRINGS\`, one in a line) adds connection
strings. Forms of durations, and what lists are: [options of the relay](options.md). How it is used:
[the connector](../guide/connector.md).`

const hcmOptionsIntroduction = `# Options of hcm run

A flag wins over the environment, the environment over the file, the file over the default. \`--config FILE\` names the file: YAML with
the names of the first column. \`--json\` is the same as \`--log-format json\`, \`-v\` as \`--log-level debug\`. Forms of durations and
sizes, and what lists are: [options of the relay](options.md). How it is used: [Hybrid Connection Manager](../guide/hcm.md).`

const metricsIntroduction = `# Metrics of the relay

\`/metrics\` at the management door, in Prometheus' text format. Metrics that Azure Monitor has too are spelt from Azure's names;
the dimension EntityName is the label \`entity\`. Counters begin at 0 when the relay starts. A process of \`postern ingress\` has
those that say so, at its health port: to the relay it is a sender among others, whose entries it does not know.`

const doctorIntroduction = `# Hops of doctor

What \`hcm doctor\`, \`postern bridge --doctor\` and \`postern connector doctor\` look at, in this order, as far as it applies. They end
with the exit code of the first hop that is broken, with 0 when none is, and with 1 to 3 as every command does when they could not
look at all. How they are used: [Doctor](../guide/doctor.md).`

const errorsIntroduction = `# Error codes

One table for every reply. \`status\` is what an HTTP request or a refused upgrade gets, \`close\` the code of the WebSocket CLOSE
frame, \`ARM code\` the \`code\` in JSON error bodies. A transient error may go away when the same thing is tried again.`

const commandsIntroduction = `# Commands that manage a relay

Words and flags are those of the Azure CLI. \`postern login\` signs in, \`postern account set\` says what \`--subscription\` and
\`--resource-group\` are when they are left out, \`postern rest METHOD URL\` sends anything else, \`postern completion bash|zsh|fish\`
completes all of it; \`--help\` of every command has its options and examples. All other commands: [commands](commands.md).

Everything that prints a result takes \`--output -o table|json|yaml|tsv|none\` (default: POSTERN_OUTPUT, else a table on a terminal and
JSON otherwise), \`--query JMESPATH\` and \`--account NAME\`. \`--ids\` takes ids of resources in place of names. \`--yes -y\` does not ask before
something is deleted; only a person at a terminal is asked. What takes long is waited for, unless \`--no-wait\` is said.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | it failed, or was refused; the error says which, and what to do |
| 2 | typed or configured wrongly |
| 3 | what was named is not there |`

const helpIntroduction = `# Commands

What \`--help\` prints, for all commands but those [that manage a relay](cli.md). Options of the relay in full:
[options](options.md).`

const routesIntroduction = `# Routes of the management API

Everything that the management door answers besides pages. Paths are compared in any case. A caller needs a role that has the
action at the resource that the path names, or at the scope that is written beside it; lists for everybody who is signed in show each
caller what is his. [openapi.json](openapi.json) has the shapes; a relay serves its own at \`/openapi.json\`.`

function page(introduction: string, body: string): string {
  return `${note}\n\n${introduction}\n\n${body}`
}

function errorsMarkdown(table: Readonly<Record<string, ErrorEntry>>): string {
  const rows = Object.entries(table).map(([code, entry]) =>
    markdownRow([
      `\`${code}\``,
      String(entry.httpStatus),
      String(entry.closeCode),
      `\`${entry.armCode}\``,
      entry.isTransient ? 'yes' : '',
      entry.message,
      entry.help,
    ]),
  )
  const head = markdownRow(['code', 'status', 'close', 'ARM code', 'transient', 'text', 'what to do'])
  return `${[head, '|---|---|---|---|---|---|---|', ...rows].join('\n')}\n`
}

function hopsMarkdown(): string {
  const rows = Object.entries(hopTable).map(([hop, { exitCode, checks, fix }]) =>
    markdownRow([`\`${hop}\``, String(exitCode), checks, fix]),
  )
  return `${[markdownRow(['hop', 'exit code', 'what is checked', 'where to begin']), '|---|---|---|---|', ...rows].join('\n')}\n`
}
