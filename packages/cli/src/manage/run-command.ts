import { type Operation, type OperationInput, operationTable } from '@postern/management'
import { onlySubscription, openSession, type Session } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { callInput, idParameters } from './call-input.ts'
import { confirm } from './confirm.ts'
import { flagValue } from './flag-value.ts'
import type { FlagValues, ManagedCommand, ManagedFlag, ManagedRun } from './managed-command.ts'
import { formatResult } from './output/format-result.ts'
import { chooseFormat } from './output/output-format.ts'
import { startProgress } from './progress.ts'

/** What every command takes besides its own flags; as commander names them. */
export interface CommonOptions {
  readonly output?: string
  readonly query?: string
  readonly account?: string
  readonly ids?: readonly string[]
  readonly yes?: boolean
  readonly wait?: boolean
}

export type TypedOptions = CommonOptions & Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Runs one command of the table: flags in, one result out on standard output. */
export async function runCommand(command: ManagedCommand, options: TypedOptions): Promise<void> {
  const format = chooseFormat(options.output, { isTerminal: process.stdout.isTTY })
  const session = await openSession({ account: options.account })
  const typed = await typedValues(command, options)
  const values = withSettings(command, typed, session)
  if (options.ids === undefined) checkRequired(command, values)
  if (command.confirmation !== undefined && !options.yes) await confirm(command.confirmation)
  const progress = startProgress()
  try {
    const result = await perform(command, { options, session, values, progress: progress.say })
    progress.end()
    const { columns, rows, note } = command
    const table = {
      ...(columns && { columns }),
      ...(rows !== undefined && { rows }),
      ...(note !== undefined && { note }),
    }
    const { query } = options
    process.stdout.write(await formatResult(result, { format, ...(query !== undefined && { query }), ...table }))
  } finally {
    progress.end()
  }
}

interface Performance {
  readonly options: CommonOptions
  readonly session: Session
  readonly values: FlagValues
  readonly progress: (text: string) => void
}

async function perform(command: ManagedCommand, performance: Performance): Promise<unknown> {
  const { options, session, values } = performance
  const { client } = session
  const { does, prepare } = command
  if (typeof does === 'function') {
    return does(await openRun(command, performance))
  }
  if (prepare && !options.ids) {
    const run = await openRun(command, performance)
    const found = { ...(await prepare(run)), subscription: run.subscriptionId }
    return call(performance, does, callInput(command, { ...found, ...values }))
  }
  const operation: Operation = operationTable[does]
  if (options.ids) {
    const results: unknown[] = []
    for (const id of options.ids) {
      const { params: _, ...rest } = callInput(command, values)
      results.push(await call(performance, does, { ...rest, params: idParameters(operation, id) }))
    }
    const [only] = results
    return results.length === 1 ? only : results.filter((result) => result !== undefined)
  }
  const needsSubscription = operation.path.includes('{subscriptionId}') && values['subscription'] === undefined
  const subscription = needsSubscription ? { subscription: await onlySubscription(client) } : {}
  return call(performance, does, callInput(command, { ...values, ...subscription }))
}

/** The types of each operation are the compiler's alone; here any may come. */
interface AnyClient {
  call(id: string, input: OperationInput): Promise<unknown>
  callAndWait(id: string, input: OperationInput & { readonly timeoutMs: number }): Promise<unknown>
  items(id: string, input: OperationInput): AsyncIterable<unknown>
}

/** What takes longer is still done, but nobody waits. */
const waitTimeoutMs = 10 * 60_000

async function call({ session, options, progress }: Performance, id: string, input: OperationInput): Promise<unknown> {
  const client = session.client as AnyClient
  const operation: Operation = operationTable[id as keyof typeof operationTable]
  if (operation.isPaged) {
    const items: unknown[] = []
    for await (const item of client.items(id, input)) {
      items.push(item)
      if (items.length % 1000 === 0) progress(`${items.length} so far`)
    }
    return items
  }
  const isWaitedFor = operation.isLongRunning && options.wait !== false
  return isWaitedFor
    ? client.callAndWait(id, { ...input, timeoutMs: waitTimeoutMs })
    : listed(await client.call(id, input))
}

/** Some lists of Azure's come whole, in the form of a page all the same. */
function listed(reply: unknown): unknown {
  const { value, ...others } = (reply ?? {}) as { readonly value?: unknown }
  const isList = Array.isArray(value) && Object.keys(others).every((name) => ['nextLink', 'id'].includes(name))
  return isList ? value : reply
}

/** What a function of the table works with. Who has several subscriptions must name one only where one is needed. */
async function openRun(command: ManagedCommand, { session, values, progress }: Performance): Promise<ManagedRun> {
  const { client } = session
  const { subscription } = values
  let found: string | RelayError = typeof subscription === 'string' ? subscription : ''
  if (found === '' && command.flags.some(({ setting }) => setting === 'subscription')) {
    found = await onlySubscription(client).catch((error: unknown) => {
      if (error instanceof RelayError) return error
      throw error
    })
  }
  return {
    client,
    values,
    progress,
    get subscriptionId() {
      if (found instanceof RelayError) throw found
      return found
    },
  }
}

async function typedValues(command: ManagedCommand, options: TypedOptions): Promise<FlagValues> {
  const values: Record<string, unknown> = {}
  for (const flag of command.flags) {
    const typed = options[attributeName(flag)]
    if (typed === undefined) continue
    values[flag.long] = await flagValue(flag, typed)
  }
  return values
}

/** As commander names an option: `namespaceName`. */
function attributeName({ long }: ManagedFlag): string {
  return long.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function withSettings(command: ManagedCommand, typed: FlagValues, session: Session): FlagValues {
  const settings = command.flags.flatMap(({ long, setting }) => {
    const value = setting && session[setting]
    return value === undefined || typed[long] !== undefined ? [] : [[long, value] as const]
  })
  return { ...typed, ...Object.fromEntries(settings) }
}

function checkRequired(command: ManagedCommand, values: FlagValues): void {
  const missing = command.flags.filter(({ long, isRequired }) => isRequired && values[long] === undefined)
  if (missing.length === 0) return
  const names = missing.map(({ long, short }) => (short === undefined ? `--${long}` : `--${long}/-${short}`))
  throw new RelayError('InvalidConfiguration', { message: `postern ${command.words} needs ${names.join(', ')}` })
}
