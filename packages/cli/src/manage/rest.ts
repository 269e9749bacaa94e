import { openSession } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { outputOptions } from './configure-commands.ts'
import { readTextOrFile } from './flag-value.ts'
import { formatResult } from './output/format-result.ts'
import { chooseFormat } from './output/output-format.ts'

interface RestOptions {
  readonly output?: string
  readonly query?: string
  readonly account?: string
  readonly body?: string
  readonly headers?: readonly string[]
}

/** Adds `postern rest`. */
export function configureRestCommand(rest: Command): void {
  const postern = programName()
  rest
    .argument('<METHOD>', 'GET, PUT, PATCH, POST, DELETE, HEAD')
    .argument('<URL>', 'path and query at the management door, or the whole address')
    .option('-b, --body <JSON>', 'body, or @FILE that holds it')
    .option('--headers <NAME=VALUE...>', 'more headers, such as If-Match=*')
  for (const option of outputOptions()) rest.addOption(option)
  rest
    .addHelpText(
      'after',
      `
docs/reference/management-routes.md lists every route. {subscriptionId} in the address is filled in.

Examples:
  ${postern} rest GET '/subscriptions?api-version=2021-04-01'
  ${postern} rest PUT '/subscriptions/{subscriptionId}/resourceGroups/demo?api-version=2021-04-01' --body '{"location":"home"}'
  ${postern} rest PUT "$URL" --body @hctest.json`,
    )
    .action((method: string, url: string, options: RestOptions) => runRest({ method, url, options }))
}

async function runRest({
  method,
  url,
  options,
}: {
  readonly method: string
  readonly url: string
  readonly options: RestOptions
}): Promise<void> {
  const { query, body: typedBody, headers = [] } = options
  const format = chooseFormat(options.output, { isTerminal: false })
  const body = typedBody === undefined ? undefined : parseBody(await readTextOrFile(typedBody, '--body'))
  const { client, subscription } = await openSession({ account: options.account })
  const target = subscription === undefined ? url : url.replace('{subscriptionId}', encodeURIComponent(subscription))
  const reply = await client.request({
    method: method.toUpperCase(),
    target,
    ...(body !== undefined && { body }),
    headers: Object.fromEntries(headers.map(readHeader)),
  })
  process.stdout.write(await formatResult(reply.body, { format, ...(query !== undefined && { query }) }))
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', { message: `--body is no JSON: ${(cause as Error).message}`, cause })
  }
}

function readHeader(text: string): readonly [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~\w-]+)=([^\r\n\0]*)$/.exec(text)
  if (match) return [match[1] ?? '', match[2] ?? '']
  throw new RelayError('InvalidConfiguration', { message: `--headers: "${text}" is no NAME=VALUE` })
}
