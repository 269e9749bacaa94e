import { join } from 'node:path'
import { parseDuration } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { AuditFile, type AuditQuery, auditDatabaseName, type ChainedRecord, optionTable } from '@postern/server'
import { type Command, Option } from 'commander'
import { formatJsonRecord, formatRecords, formatVerdict, parseHead } from '../audit-report.ts'
import { formatJsonLine } from '../format-table.ts'
import { programName } from '../program-name.ts'

interface SourceOptions {
  readonly data?: string
  readonly file?: string
}

interface VerifyOptions extends SourceOptions {
  readonly expectHead?: string
  readonly json?: boolean
}

interface ListOptions extends SourceOptions {
  readonly since?: string
  readonly kind?: NonNullable<AuditQuery['kinds']>[number]
  readonly principal?: string
  readonly scope?: string
  readonly result?: NonNullable<AuditQuery['result']>
  readonly limit: string
  readonly output: 'table' | 'json'
}

/** Records in one read. */
const pageSize = 1000

/** Adds `postern audit verify|list`: they read the file itself, so they need no relay, and disturb none that runs. */
export function configureAuditCommand(audit: Command): void {
  const postern = programName()
  audit.addHelpText('after', examples(postern))
  const verify = audit
    .command('verify')
    .description('Checks that no record was changed, deleted, moved or inserted. Ends with 1 when one was.')
  addSource(verify)
    .option('--expect-head <sequence:hash>', 'a head that was noted before: finds what was cut off at the end too')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(postern))
    .action((options: VerifyOptions) => verifyLog(options))
  const list = audit.command('list').description('Prints records, newest first.')
  addSource(list)
    .option('--since <when>', 'a time before now (90s, 30m, 24h, 7d) or a date (2026-01-31, 2026-01-31T12:00:00Z)')
    .addOption(new Option('--kind <kind>').choices(['management', 'decision', 'stream', 'signIn', 'audit']))
    .option('--principal <name>', 'who did it, as the log spells it: rule:namespace/root, user:admin')
    .option('--scope <id>', 'ARM id of what it was done to, or of what that belongs to')
    .addOption(new Option('--result <result>').choices(['allowed', 'refused', 'succeeded', 'failed']))
    .option('--limit <number>', 'how many at most', '50')
    .addOption(
      new Option('-o, --output <form>', 'json: an object on each line').choices(['table', 'json']).default('table'),
    )
    .addHelpText('after', examples(postern))
    .action((options: ListOptions) => listRecords(options))
}

function addSource(command: Command): Command {
  return command
    .option(
      '--data <folder>',
      `data folder of the relay; default: $${optionTable.data.env}, else ${optionTable.data.default}`,
    )
    .addOption(new Option('--file <file>', `the log itself: a copy of ${auditDatabaseName}`).conflicts('data'))
}

function examples(postern: string): string {
  return `
The relay may run meanwhile. Its log has a line audit.head every hour, with sequence and hash: keep them elsewhere.

Examples:
  ${postern} audit verify
  ${postern} audit verify --data /var/lib/postern --expect-head 4711:0d5e...
  ${postern} audit list --since 1h
  ${postern} audit list --kind decision --result refused --limit 20
  ${postern} audit list --principal rule:namespace/root --since 7d -o json`
}

async function verifyLog(options: VerifyOptions): Promise<void> {
  const { expectHead, json = false } = options
  const expectedHead = expectHead === undefined ? undefined : parseHead(expectHead)
  if (expectHead !== undefined && !expectedHead) {
    throw invalid(`--expect-head "${expectHead}" is no head: SEQUENCE:HASH, with 64 hexadecimal digits`)
  }
  const log = openLog(options)
  try {
    const verdict = await log.verify({
      ...(expectedHead && { expectedHead }),
      ...(process.stderr.isTTY && { onProgress: tellProgress }),
    })
    process.stdout.write(json ? formatJsonLine(verdict) : formatVerdict(verdict))
    if (verdict.broken) process.exitCode = 1
  } finally {
    await log.close()
  }
}

function tellProgress(checked: number, total: number): void {
  if (checked < total) process.stderr.write(`\r${checked} of ${total} records`)
  else process.stderr.write('\r\u001b[K')
}

async function listRecords(options: ListOptions): Promise<void> {
  const { since, kind, principal, scope, result, output } = options
  const limit = Number(options.limit)
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(`--limit "${options.limit}" is no positive whole number`)
  const question = {
    ...(since !== undefined && { from: parseSince(since) }),
    ...(kind !== undefined && { kinds: [kind] }),
    ...(principal !== undefined && { principal }),
    ...(scope !== undefined && { scopePrefix: scope }),
    ...(result !== undefined && { result }),
  }
  const log = openLog(options)
  try {
    const shown: ChainedRecord[] = []
    for await (const page of pages(log, question, limit)) {
      if (output === 'table') shown.push(...page)
      else process.stdout.write(page.map(formatJsonRecord).join(''))
    }
    if (output === 'table') process.stdout.write(formatRecords(shown))
  } finally {
    await log.close()
  }
}

async function* pages(
  log: AuditFile,
  question: Omit<AuditQuery, 'limit' | 'before'>,
  limit: number,
): AsyncGenerator<readonly ChainedRecord[]> {
  let before: number | undefined
  for (let left = limit; left > 0; ) {
    const asked = Math.min(left, pageSize)
    const page = await log.query({ ...question, limit: asked, ...(before !== undefined && { before }) })
    yield page
    if (page.length < asked) return
    left -= page.length
    before = page.at(-1)?.sequence
  }
}

function parseSince(text: string): Date {
  const agoMs = parseDuration(text)
  const date =
    agoMs === undefined && /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Date.now() - (agoMs ?? Number.NaN))
  if (!Number.isNaN(date.getTime())) return date
  throw invalid(`--since "${text}" is neither a duration such as 30m or 7d nor a date such as 2026-01-31`)
}

function openLog({ data, file }: SourceOptions): AuditFile {
  const folder = data ?? process.env[optionTable.data.env] ?? optionTable.data.default
  return AuditFile.open(file ?? join(folder, auditDatabaseName))
}

function invalid(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
