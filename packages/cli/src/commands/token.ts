import { createHmac } from 'node:crypto'
import {
  audiencePath,
  createSharedAccessSignature,
  parseConnectionString,
  parseSharedAccessSignature,
  RelayError,
} from '@postern/protocol'
import { parseDuration } from '@postern/program'
import type { Command } from 'commander'
import { readConnectionString } from '../connection-string-source.ts'

interface CreateOptions {
  readonly connectionString?: string
  readonly path?: string
  readonly ttl: string
  readonly header?: boolean
  readonly json?: boolean
}

/** Adds `postern token create|explain`. */
export function addTokenCommand(cli: Command): void {
  const token = cli.command('token').description('Makes and explains shared access signatures.')
  token
    .command('create')
    .description('Prints a shared access signature made from a connection string.')
    .option('-x, --connection-string <text>', 'connection string; default: POSTERN_CONNECTION_STRING; @FILE reads a file')
    .option('--path <path>', 'path to sign for; default: EntityPath of the connection string, else the whole namespace')
    .option('--ttl <duration>', 'how long it is valid', '1h')
    .option('--header', 'print the whole header line for curl -H')
    .option('--json', 'print one JSON object')
    .addHelpText('after', createExamples)
    .action((options: CreateOptions) => createToken(options))
  token
    .command('explain')
    .description('Says what a shared access signature grants, and whether a connection string made it.')
    .argument('<signature>', 'SharedAccessSignature sr=...&sig=...&se=...&skn=...')
    .option('-x, --connection-string <text>', 'check the signature with this key')
    .option('--json', 'print one JSON object')
    .action((signature: string, options: { connectionString?: string; json?: boolean }) => explain(signature, options))
}

const createExamples = `
Examples:
  curl -H "$(postern token create -x "$SEND" --header)" https://localhost:8443/demo
  postern token create -x @/run/secrets/send --ttl 5m`

async function createToken(options: CreateOptions): Promise<void> {
  const connection = parseConnectionString(await readConnectionString(options.connectionString))
  const { endpoint, keyName, key } = connection
  if (keyName === undefined || key === undefined) {
    throw new RelayError('InvalidConnectionString', {
      message: 'A token needs SharedAccessKeyName and SharedAccessKey in the connection string.',
    })
  }
  const path = options.path ?? connection.entityPath ?? ''
  const expiresAtSeconds = Math.floor((Date.now() + parseDuration(options.ttl)) / 1000)
  const token = createSharedAccessSignature({
    resourceUri: `http://${endpoint.host}/${path}`,
    keyName,
    key,
    expiresAtSeconds,
    hmacSha256,
  })
  const expiresAt = new Date(expiresAtSeconds * 1000).toISOString()
  const line = options.header ? `ServiceBusAuthorization: ${token}` : token
  process.stdout.write(`${options.json ? JSON.stringify({ token, keyName, path, expiresAt }) : line}\n`)
}

async function explain(text: string, options: { connectionString?: string; json?: boolean }): Promise<void> {
  const signature = parseSharedAccessSignature(text)
  if (signature === undefined) {
    throw new RelayError('TokenMalformed', { message: 'This is no shared access signature: sr, sig, se and skn are needed.' })
  }
  const audience = audiencePath(signature.resource)
  const expiresAt = new Date(signature.expiresAtSeconds * 1000)
  const facts = {
    audience: decodeURIComponent(signature.resource),
    path: audience?.path === '' ? '(whole namespace)' : audience?.path,
    rule: signature.keyName,
    expiresAt: expiresAt.toISOString(),
    expired: expiresAt.getTime() < Date.now(),
    ...(options.connectionString !== undefined && { madeWithThisKey: await madeWith(text, options.connectionString) }),
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(facts)}\n`)
    return
  }
  for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(16)} ${value}\n`)
}

async function madeWith(text: string, connectionString: string): Promise<boolean> {
  const signature = parseSharedAccessSignature(text)
  const { key } = parseConnectionString(await readConnectionString(connectionString))
  if (signature === undefined || key === undefined) return false
  return hmacSha256(key, signature.stringToSign).toString('base64') === signature.signature
}

function hmacSha256(key: string, message: string): Buffer {
  return createHmac('sha256', key).update(message).digest()
}
