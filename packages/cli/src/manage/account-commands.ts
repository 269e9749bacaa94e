import { type Account, AccountStore, configFolder, currentAccount, unknownAccount, withAccount } from '@postern/program'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'
import { outputOptions } from './configure-commands.ts'
import { formatResult } from './output/format-result.ts'
import { chooseFormat } from './output/output-format.ts'

interface PrintOptions {
  readonly output?: string
  readonly query?: string
  readonly account?: string
}

interface SetOptions {
  readonly name?: string
  readonly subscription?: string
  readonly group?: string
}

/** Adds `postern account show|list|set`. */
export function configureAccountCommand(account: Command): void {
  const postern = programName()
  const examples = `
Examples:
  ${postern} account list
  ${postern} account set --name relay.example.com:8444
  ${postern} account set --subscription 00000000-0000-0000-0000-000000000000 --group demo`
  account.addHelpText('after', examples)
  const show = account.command('show').description('Shows the account that commands use.')
  const list = account.command('list').description('Lists the accounts of this computer.')
  for (const option of outputOptions()) {
    show.addOption(option)
    if (option.long !== '--account') list.addOption(option)
  }
  show.addHelpText('after', examples).action((options: PrintOptions) => showAccount(options))
  list.addHelpText('after', examples).action((options: PrintOptions) => listAccounts(options))
  account
    .command('set')
    .description('Chooses an account, and what commands take when subscription or group is left out.')
    .option('-n, --name <NAME>', 'account that commands use from now on')
    .option('-s, --subscription <ID>', 'its subscription; "" for none')
    .option('--group <NAME>', 'its resource group; "" for none')
    .addHelpText('after', examples)
    .action((options: SetOptions) => setAccount(options))
}

/** Adds `postern logout`. */
export function configureLogoutCommand(logout: Command): void {
  const postern = programName()
  logout
    .option('-n, --name <NAME>', 'account to forget; default: the current one')
    .option('--all', 'forget every account')
    .addHelpText(
      'after',
      `\nExamples:\n  ${postern} logout\n  ${postern} logout --name relay.example.com:8444\n  ${postern} logout --all`,
    )
    .action((options: { readonly name?: string; readonly all?: boolean }) => runLogout(options))
}

const columns = {
  Name: 'name',
  Endpoint: 'endpoint',
  User: 'user',
  Kind: 'kind',
  Subscription: 'subscription',
  Group: 'group',
  Current: 'isCurrent',
}

/** What is shown of an account: no token. */
function publicFacts(account: Account, isCurrent: boolean): unknown {
  const { accessToken: _, refreshToken: __, expiresAtMs, ...facts } = account
  return { ...facts, ...(expiresAtMs && { tokenExpiresAt: new Date(expiresAtMs).toISOString() }), isCurrent }
}

async function showAccount(options: PrintOptions): Promise<void> {
  const all = await new AccountStore(configFolder()).read()
  const current = currentAccount(all)
  const { account: name } = options
  const account = name === undefined ? current : all.accounts.find((each) => each.name === name)
  if (!account) throw unknownAccount(name)
  await print(publicFacts(account, account === current), options)
}

async function listAccounts(options: PrintOptions): Promise<void> {
  const all = await new AccountStore(configFolder()).read()
  const current = currentAccount(all)
  await print(
    all.accounts.map((account) => publicFacts(account, account === current)),
    options,
  )
}

async function print(result: unknown, { output, query }: PrintOptions): Promise<void> {
  const format = chooseFormat(output, { isTerminal: process.stdout.isTTY })
  process.stdout.write(await formatResult(result, { format, columns, ...(query !== undefined && { query }) }))
}

async function setAccount({ name, subscription, group }: SetOptions): Promise<void> {
  await new AccountStore(configFolder()).update(async (all) => {
    const found = name === undefined ? currentAccount(all) : all.accounts.find((each) => each.name === name)
    if (!found) throw unknownAccount(name)
    const { subscription: oldSubscription, group: oldGroup, ...rest } = found
    const changed = {
      ...rest,
      ...setting('subscription', subscription ?? oldSubscription),
      ...setting('group', group ?? oldGroup),
    }
    return { accounts: withAccount({ ...all, current: found.name }, changed), result: undefined }
  })
}

function setting(name: 'subscription' | 'group', value: string | undefined): Partial<Account> {
  return value === undefined || value === '' ? {} : { [name]: value }
}

async function runLogout({ name, all: isForAll }: { readonly name?: string; readonly all?: boolean }): Promise<void> {
  await new AccountStore(configFolder()).update(async (all) => {
    if (isForAll) return { accounts: { accounts: [] }, result: undefined }
    const found = name === undefined ? currentAccount(all) : all.accounts.find((each) => each.name === name)
    if (!found) throw unknownAccount(name)
    const { current, ...others } = all
    const accounts = all.accounts.filter((each) => each !== found)
    const keepsCurrent = current !== undefined && current !== found.name
    return { accounts: { ...others, ...(keepsCurrent && { current }), accounts }, result: undefined }
  })
}
