import { formatLogLine } from '@postern/program'
import { type Command, InvalidArgumentError } from 'commander'
import { logPath } from '../log/open-log.ts'
import { followLines, lastLines } from '../log/read-log.ts'
import { type AskFlags, addAskOptions } from './ask-service.ts'

interface LogFlags extends AskFlags {
  readonly lines: number
  readonly follow?: true
}

/** Adds `hcm logs`: it reads the files, so that it works when the service does not. */
export function configureLogs(program: Command): void {
  addAskOptions(program.command('logs').description('Shows what the service has logged; it need not run for that.'))
    .option('-n, --lines <NUMBER>', 'so many of the last lines', readCount, 50)
    .option('-f, --follow', 'and what comes, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  hcm logs -n 200
  hcm logs --follow
  hcm logs -n 1000 -o json | jq 'select(.level == "warn")'`,
    )
    .action(showLogs)
}

async function showLogs({ stateDir, output, lines, follow }: LogFlags): Promise<void> {
  const path = logPath(stateDir)
  const show = (line: string): boolean => process.stdout.write(output === 'json' ? `${line}\n` : readable(line))
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort()
  process.once('SIGINT', onInterrupt)
  try {
    for (const line of await lastLines(path, lines)) show(line)
    if (follow) for await (const line of followLines(path, stop.signal)) show(line)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

/** A line that was cut when the disk was full is shown as it stands. */
function readable(line: string): string {
  try {
    return formatLogLine(line)
  } catch {
    return `${JSON.stringify(line)}\n`
  }
}

function readCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a number of lines.')
}
