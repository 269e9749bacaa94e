import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { type MessageAction, type RelayOptions, Sender } from '@postern/client'
import { parseDuration, safeText } from '@postern/program'
import { maxMessageBytes, RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { addRelayFlags, type RelayFlags, relayOptionsOf, repeatable, withAdvice } from '../messages/relay-flags.ts'
import { sendLines } from '../messages/send-lines.ts'
import { programName } from '../program-name.ts'

interface SendFlags extends RelayFlags {
  readonly file?: string
  readonly lines?: boolean
  readonly rate: string
  readonly contentType?: string
  readonly header: readonly string[]
  readonly suffix?: string
  readonly query?: string
  readonly timeout: string
  readonly json?: boolean
}

/** Below what a relay takes that was not told otherwise, 2,000 messages a second. */
const defaultRate = '1000'

/** Gives what adds `postern send` or `postern publish`. */
export function configureMessageCommand(action: MessageAction): (command: Command) => void {
  return (command) => {
    addRelayFlags(command.argument('[message]', 'what to send; default: --file, else standard input'))
      .option('-f, --file <file>', 'send what this file holds; - is standard input')
      .option('--lines', 'each line is one message, in order, over one connection')
      .option('--rate <number>', 'with --lines: messages a second, at most', defaultRate)
      .option('--content-type <type>', 'default: text/plain for UTF-8, application/octet-stream for anything else')
      .addOption(repeatable('--header <name: value>', 'a header for receivers that are listeners; may be repeated'))
      .option('--suffix <path>', 'more path behind the hybrid connection, for receivers that are listeners')
      .option('--query <text>', 'a query for them, without ?')
      .option('--timeout <duration>', 'how long the relay may take to answer', '20s')
      .option('--json', 'print one JSON object for each message')
      .addHelpText('after', examples(programName(), action))
      .action((message: string | undefined, flags: SendFlags) => run(action, message, flags))
  }
}

function examples(postern: string, action: MessageAction): string {
  const whom =
    action === 'send'
      ? 'One receiver gets it: a listener, or a subscriber when there is no listener. Nobody there is an error.'
      : 'Every listener and subscriber gets it once. Nobody there is no error: 0 receivers.'
  return `
${whom}
At most 64 KiB, at most once: the answer says to how many receivers it was written. The hybrid connection must allow "${action}".

Examples:
  ${postern} ${action} 'hello' -x "$SEND"
  ${postern} ${action} '{"price":12}' --content-type application/json --header 'X-Kind: price' -x @send.secret
  ${postern} ${action} --file report.pdf -x "$SEND" --path events
  tail -f app.log | ${postern} ${action} --lines -x "$SEND"`
}

async function run(action: MessageAction, message: string | undefined, flags: SendFlags): Promise<void> {
  checkFlags(message, flags)
  const timeoutMs = parseDuration(flags.timeout)
  if (timeoutMs === undefined || timeoutMs <= 0) {
    throw invalid(`--timeout "${flags.timeout}" is no duration; write it with its unit, such as 500ms or 20s`)
  }
  const relay = await relayOptionsOf(flags)
  try {
    if (flags.lines) await runLines(action, relay, { flags, timeoutMs })
    else await runOne(action, relay, { message, flags, timeoutMs })
  } catch (thrown) {
    throw withAdvice(thrown, { action, relay })
  }
}

function checkFlags(message: string | undefined, flags: SendFlags): void {
  if (message !== undefined && flags.file !== undefined) throw invalid('Give a message or --file, not both')
  if (!flags.lines) return
  if (message !== undefined) throw invalid('--lines reads standard input or --file; leave the message out')
  if (flags.contentType !== undefined || flags.header.length > 0) {
    throw invalid('--lines sends text without headers: --content-type and --header are for single messages')
  }
  if (!/^[1-9]\d{0,6}$/.test(flags.rate)) throw invalid(`--rate "${flags.rate}" is no whole number from 1 on`)
}

interface One {
  readonly message: string | undefined
  readonly flags: SendFlags
  readonly timeoutMs: number
}

async function runOne(action: MessageAction, relay: RelayOptions, { message, flags, timeoutMs }: One): Promise<void> {
  const { contentType, suffix, query, header, file, json } = flags
  const bytes = message === undefined ? await readAll(openSource(file)) : Buffer.from(message)
  const receipt = await new Sender(relay)[action](isUtf8(bytes) ? bytes.toString() : bytes, {
    timeoutMs,
    headers: Object.fromEntries(header.map(readHeader)),
    ...(contentType !== undefined && { contentType }),
    ...(suffix !== undefined && { suffix }),
    ...(query !== undefined && { query }),
  })
  const text = `${counted(receipt.receivers, 'receiver')} (message ${safeText(receipt.messageId)})`
  process.stdout.write(`${json ? JSON.stringify(receipt) : text}\n`)
}

async function runLines(
  action: MessageAction,
  relay: RelayOptions,
  { flags, timeoutMs }: { readonly flags: SendFlags; readonly timeoutMs: number },
): Promise<void> {
  const { file, rate, json, suffix, query } = flags
  const say = (facts: object): void => void process.stdout.write(`${JSON.stringify(facts)}\n`)
  const result = await sendLines(new Sender(relay), openSource(file), {
    action,
    rate: Number(rate),
    timeoutMs,
    ...(suffix !== undefined && { suffix }),
    ...(query !== undefined && { query }),
    onReceipt: (line, receipt) => {
      if (json) say({ line, ...receipt })
    },
    onFailure: (line, { code, message }) => {
      if (json) say({ line, error: { code, message } })
      else process.stderr.write(`line ${line}: ${code}: ${safeText(message)}\n`)
    },
  })
  if (!json) process.stdout.write(`${counted(result.sent, 'message')}, ${counted(result.deliveries, 'delivery')}\n`)
  if (result.failed > 0) process.exitCode = 1
}

function openSource(file: string | undefined): AsyncIterable<Uint8Array> {
  return file === undefined || file === '-' ? process.stdin : createReadStream(file)
}

/** Who is too long is not read to the end: the sender says that it is. */
async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of source) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > maxMessageBytes) break
    }
  } catch (cause) {
    throw invalid(`The message cannot be read: ${(cause as Error).message}`, cause)
  }
  return Buffer.concat(chunks)
}

function readHeader(text: string): [name: string, value: string] {
  const at = text.indexOf(':')
  if (at < 1) throw invalid(`--header "${text}": must look like 'Name: value'`)
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function counted(count: number, what: 'receiver' | 'message' | 'delivery'): string {
  if (count === 1) return `1 ${what}`
  return `${count} ${what === 'delivery' ? 'deliveries' : `${what}s`}`
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, ...(cause !== undefined && { cause }) })
}
