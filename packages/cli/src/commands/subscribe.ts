import { once } from 'node:events'
import { type ReceivedMessage, type Subscription, subscribe } from '@postern/client'
import { safeText } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { addRelayFlags, type RelayFlags, relayOptionsOf, withAdvice } from '../messages/relay-flags.ts'
import { programName } from '../program-name.ts'
import { awaitShutdown } from '../shutdown-request.ts'

interface SubscribeFlags extends RelayFlags {
  readonly count?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Adds `postern subscribe`. */
export function configureSubscribeCommand(command: Command): void {
  addRelayFlags(command)
    .option('--count <number>', 'end after so many messages')
    .option('--json', 'print one JSON object for each message: text or base64, receivedAt, and loss')
    .option('-q, --quiet', 'say nothing on standard error, not even that messages may have been lost')
    .addHelpText('after', examples(programName()))
    .action((flags: SubscribeFlags) => run(flags))
}

function examples(postern: string): string {
  return `
Each message is a line; binary ones as Base64. Standard error says when it is subscribed, when it is not, and where messages may have
been lost. It goes on whatever happens to relay and network, until Ctrl-C. It needs the right Listen, and the hybrid connection must
allow "subscribe".

Examples:
  ${postern} subscribe -x "$LISTEN"
  ${postern} subscribe -x @listen.secret --path events --json | jq .text
  ${postern} subscribe -x "$LISTEN" --count 1 -q`
}

async function run(flags: SubscribeFlags): Promise<void> {
  const count = countOf(flags)
  using shutdown = awaitShutdown()
  const relay = await relayOptionsOf(flags)
  await using subscription = subscribe(relay)
  if (!flags.quiet) tellState(subscription)
  void shutdown.signal.then(() => subscription.close())
  let printed = 0
  try {
    for await (const message of subscription) {
      const line = flags.json ? JSON.stringify(factsOf(message)) : textOf(message)
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
      printed += 1
      if (printed === count) break
    }
  } catch (thrown) {
    throw withAdvice(thrown, { action: 'subscribe', relay })
  }
}

function tellState(subscription: Subscription): void {
  const tell = (text: string): void => void process.stderr.write(`${text}\n`)
  subscription
    .on('online', () => tell('subscribed'))
    .on('offline', ({ message }, retryInMs) =>
      tell(`offline: ${safeText(message)}; again in ${Math.round(retryInMs)} ms`),
    )
    .on('lost', ({ error }) => tell(`messages may have been lost: ${safeText(error.message)}`))
}

function factsOf({ data, receivedAtMs, loss }: ReceivedMessage): object {
  return {
    ...(typeof data === 'string' ? { text: data } : { base64: base64(data) }),
    receivedAt: new Date(receivedAtMs).toISOString(),
    ...(loss && { loss: { reason: loss.reason, message: loss.error.message } }),
  }
}

/** What somebody sent must not give orders to a terminal. */
function textOf({ data }: ReceivedMessage): string {
  if (typeof data !== 'string') return base64(data)
  return process.stdout.isTTY ? data.split('\n').map(safeText).join('\n') : data
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function countOf({ count }: SubscribeFlags): number | undefined {
  if (count === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(count)) return Number(count)
  throw new RelayError('InvalidConfiguration', { message: `--count "${count}" is no whole number from 1 on` })
}
