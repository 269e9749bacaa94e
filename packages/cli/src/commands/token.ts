import { parseDuration } from '@postern/program'
import {
  audiencePath,
  parseConnectionString,
  parseSharedAccessSignature,
  RelayError,
  signatureMatches,
} from '@postern/protocol'
import type { Command } from 'commander'
import { connectionStringHelp, readConnectionString } from '../connection-string-source.ts'
import { programName } from '../program-name.ts'
import { hmacSha256, signToken } from '../sign-token.ts'

interface CreateOptions {
  readonly connectionString?: string
  readonly path?: string
  readonly ttl: string
  readonly header?: boolean
  readonly json?: boolean
}

interface ExplainOptions {
  readonly connectionString?: string
  readonly json?: boolean
}

/** Adds `postern token create|explain`. */
export function configureTokenCommand(token: Command): void {
  const postern = programName()
  token.addHelpText('after', examples(postern))
  token
    .command('create')
    .description('Prints a shared access signature made with the key of a connection string.')
    .option('-x, --connection-string <text>', connectionStringHelp)
    .option('--path <path>', 'path to sign for; default: EntityPath of the connection string, else the whole namespace')
    .option('--ttl <duration>', 'how long it is valid: 90s, 30m, 1h, 7d', '1h')
    .option('--header', 'print the whole header line for curl -H')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(postern))
    .action((options: CreateOptions) => createToken(options))
  token
    .command('explain')
    .description('Says what a shared access signature grants, and whether a connection string made it.')
    .argument('<signature>', "'SharedAccessSignature sr=...&sig=...&se=...&skn=...'")
    .option('-x, --connection-string <text>', 'check the signature with the key of this one; @FILE reads a file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(postern))
    .action((signature: string, options: ExplainOptions) => explainToken(signature, options))
}

function examples(postern: string): string {
  return `
Examples:
  curl --cacert CA-FILE -H "$(${postern} token create -x "$SEND" --header)" https://localhost:8443/demo
  ${postern} token create -x @/run/secrets/send --ttl 5m
  ${postern} token explain 'SharedAccessSignature sr=...' -x "$SEND"`
}

async function createToken(options: CreateOptions): Promise<void> {
  const ttlMs = parseDuration(options.ttl)
  if (ttlMs === undefined || ttlMs <= 0) {
    throw new RelayError('InvalidConfiguration', {
      message: `--ttl "${options.ttl}" is no duration; write it with its unit, such as 30m or 1h`,
    })
  }
  const connectionString = await readConnectionString(options.connectionString)
  const signed = signToken(connectionString, { ttlMs, ...(options.path !== undefined && { path: options.path }) })
  const text = options.header ? `ServiceBusAuthorization: ${signed.token}` : signed.token
  process.stdout.write(`${options.json ? JSON.stringify(signed) : text}\n`)
}

async function explainToken(text: string, options: ExplainOptions): Promise<void> {
  const signature = parseSharedAccessSignature(text.replace(/^ServiceBusAuthorization:/i, ''))
  if (signature === undefined) {
    throw new RelayError('TokenMalformed', {
      message: 'This is no shared access signature: sr, sig, se and skn are needed, once each.',
    })
  }
  const audience = audiencePath(signature.resource)
  const expiresAt = new Date(signature.expiresAtSeconds * 1000)
  const key = options.connectionString === undefined ? undefined : await readKey(options.connectionString)
  const facts = {
    host: audience?.host ?? null,
    path: audience?.path ?? null,
    rule: signature.keyName,
    expiresAt: expiresAt.toISOString(),
    expired: expiresAt.getTime() <= Date.now(),
    ...(key !== undefined && { madeWithThisKey: signatureMatches(signature, key, hmacSha256) }),
  }
  process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : formatFacts(facts))
}

async function readKey(source: string): Promise<string> {
  const { key } = parseConnectionString(await readConnectionString(source))
  if (key !== undefined) return key
  throw new RelayError('InvalidConnectionString', { message: 'There is no SharedAccessKey in the connection string.' })
}

function formatFacts(facts: Readonly<Record<string, string | boolean | null>>): string {
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(16)} ${describeFact(name, value)}`)
  return `${lines.join('\n')}\n`
}

function describeFact(name: string, value: string | boolean | null): string {
  if (value === null) return '(cannot be read: sr is no address)'
  if (name === 'path' && value === '') return '(the whole namespace)'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value
}
