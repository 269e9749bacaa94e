import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { keepSignIn, type SignIn, safeText, signInServicePrincipal, signInSomebody, trustCa } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { readTextOrFile } from './flag-value.ts'

interface LoginOptions {
  readonly endpoint: string
  readonly ca?: string
  readonly servicePrincipal?: boolean
  readonly username?: string
  readonly password?: string
  readonly certificate?: string
  readonly name?: string
  readonly subscription?: string
}

/** Adds `postern login`. */
export function configureLoginCommand(login: Command): void {
  const postern = programName()
  login
    .option(
      '--endpoint <URL>',
      'management door of the relay',
      process.env['POSTERN_ENDPOINT'] || 'https://localhost:8444',
    )
    .option('--ca <FILE>', 'PEM file of the certificate authority to trust; default: POSTERN_CA')
    .option('--service-principal', 'sign a program in, not a person')
    .option('-u, --username <ID>', 'client id of the program')
    .option('-p, --password <@FILE>', 'file with its secret, or - for standard input; default: POSTERN_CLIENT_SECRET')
    .option('--certificate <FILE>', 'PEM file with its private key, and its certificate')
    .option('--name <NAME>', 'what to call the account; default: host and port of the relay')
    .option('--subscription <ID>', 'subscription for all commands; default: the only one there is')
    .addHelpText(
      'after',
      `
A person gets an address and a code, opens the address on any device and enters the code there. The first administrator of a
relay is called admin; his password is the clientSecret in bootstrap-admin.json in its data folder. What is kept is in a file
that only you can read: tokens, never a secret.

Examples:
  ${postern} login --endpoint https://relay.example.com:8444
  ${postern} login --ca .postern/certificates/development-ca.pem
  ${postern} login --service-principal -u CLIENT-ID -p @/run/secrets/postern
  ${postern} login --service-principal -u CLIENT-ID --certificate app.pem`,
    )
    .action((options: LoginOptions) => runLogin(options))
}

async function runLogin(options: LoginOptions): Promise<void> {
  const ca = options.ca ?? process.env['POSTERN_CA']
  const caFile = ca ? resolve(ca) : undefined
  if (caFile !== undefined) await trustCa(caFile)
  const endpoint = options.endpoint.replace(/\/+$/, '')
  const signedIn = options.servicePrincipal ? await signInProgram(endpoint, options) : await signInSomebody(endpoint)
  const { name, subscription } = options
  const kept = await keepSignIn({
    endpoint,
    ...signedIn,
    ...(caFile !== undefined && { caFile }),
    ...(name !== undefined && { name }),
    ...(subscription !== undefined && { subscription }),
  })
  const where = kept.subscription === undefined ? '' : `, subscription ${safeText(kept.subscription)}`
  process.stderr.write(`Signed in at ${endpoint} as ${safeText(kept.user ?? kept.clientId)}${where}.\n`)
}

async function signInProgram(endpoint: string, options: LoginOptions): Promise<SignIn> {
  const clientId = options.username ?? process.env['POSTERN_CLIENT_ID']
  if (!clientId) throw invalid('--service-principal needs -u CLIENT-ID')
  const { certificate } = options
  const certificateFile = certificate === undefined ? undefined : resolve(certificate)
  const proof =
    certificateFile === undefined ? { clientSecret: await readSecret(options.password) } : { certificateFile }
  const token = await signInServicePrincipal({ endpoint, clientId, ...proof })
  return { clientId, kind: 'servicePrincipal', ...(certificateFile !== undefined && { certificateFile }), ...token }
}

/** A secret never stands on a command line, where other users see it. */
async function readSecret(source: string | undefined): Promise<string> {
  const { POSTERN_CLIENT_SECRET: fromEnvironment } = process.env
  if (source === '-') return (await text(process.stdin)).trim()
  if (source?.startsWith('@')) return (await readTextOrFile(source, '-p')).trim()
  if (source !== undefined) throw invalid('-p takes @FILE, or - for standard input: other users see a command line')
  if (fromEnvironment) return fromEnvironment
  throw invalid('The secret is missing: set POSTERN_CLIENT_SECRET, or give -p @FILE, -p - or --certificate FILE')
}

function invalid(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
