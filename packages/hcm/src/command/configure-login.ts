import { resolve } from 'node:path'
import { keepSignIn, safeText, signInSomebody, trustCa } from '@postern/program'
import type { Command } from 'commander'

interface LoginFlags {
  readonly endpoint: string
  readonly ca?: string
  readonly name?: string
}

/** Adds `hcm login`, which keeps the sign-in of a person as `postern login` does. */
export function configureLogin(program: Command): void {
  program
    .command('login')
    .description('Signs you in at a relay and keeps that for hcm add: in your own settings, not in the service.')
    .option(
      '--endpoint <URL>',
      'management door of the relay',
      process.env['POSTERN_ENDPOINT'] || 'https://localhost:8444',
    )
    .option('--ca <FILE>', 'PEM file of the certificate authority to trust; default: POSTERN_CA')
    .option('--name <NAME>', 'what to call the account; default: host and port of the relay')
    .addHelpText(
      'after',
      `
postern login does the same, and signs programs in as well; postern logout forgets it.

Examples:
  hcm login --endpoint https://relay.example.com:8444
  hcm add --endpoint https://relay.example.com:8444    signs in for that command alone and keeps nothing`,
    )
    .action(login)
}

async function login({ endpoint: typed, ca = process.env['POSTERN_CA'], name }: LoginFlags): Promise<void> {
  const caFile = ca ? resolve(ca) : undefined
  if (caFile !== undefined) await trustCa(caFile)
  const endpoint = typed.replace(/\/+$/, '')
  const kept = await keepSignIn({
    endpoint,
    ...(await signInSomebody(endpoint)),
    ...(caFile !== undefined && { caFile }),
    ...(name !== undefined && { name }),
  })
  process.stderr.write(`Signed in at ${endpoint} as ${safeText(kept.user ?? kept.clientId)}.\n`)
}
