import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { type Command, holderCommand, mountedLine, type NamespacePlan, programCommand } from './namespace-commands.ts'
import { pathOfPrograms, readNamespaceFacts } from './namespace-facts.ts'
import { whyNoNamespace } from './why-no-namespace.ts'

/** Making namespaces takes milliseconds; a machine under load may need some seconds. */
const openTimeoutMs = 20_000

/** A holder that does not end by itself is killed. */
const closeTimeoutMs = 2_000

/** Enough of what failing programs say. */
const maxSaidLength = 4_096

/** The daemon that answers names for glibc from outside, past every hosts file of ours. */
const nameCacheFolders = ['/run/nscd', '/var/run/nscd']

/** The system does not let us make the namespaces; the message says why. */
export class NamespacesForbidden extends Error {}

/** What {@link PrivateNamespace.open} makes. */
export interface PrivateNamespaceOptions {
  /** Is mounted over /etc/hosts. */
  readonly hostsFile: string
  readonly ownNetwork: boolean
  /** Runs inside as long as the namespaces are kept; must end when its IPC channel is gone. Default: nothing of ours. */
  readonly holder?: Command
}

/** A mount namespace with a hosts file of its own, and perhaps a network, kept by a process inside. */
export class PrivateNamespace implements AsyncDisposable {
  /** The process inside, with an IPC channel when a holder was given. */
  readonly holder: ChildProcess
  readonly #plan: NamespacePlan

  private constructor(holder: ChildProcess, plan: NamespacePlan) {
    this.holder = holder
    this.#plan = plan
  }

  /** @throws {NamespacesForbidden} */
  static async open({ hostsFile, ownNetwork, holder }: PrivateNamespaceOptions): Promise<PrivateNamespace> {
    const plan: NamespacePlan = { ownNetwork, userNamespace: process.geteuid?.() !== 0 }
    const hiddenFolders = nameCacheFolders.filter(isFolder).slice(0, 1)
    const [program, ...args] = holderCommand(plan, { hostsFile, hiddenFolders, holder: holder ?? ['cat'] })
    const child = spawn(program, args, {
      env: { ...process.env, PATH: pathOfPrograms() },
      // Ends with us by the end of its input or of the channel, however we end.
      stdio: holder ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
      // In a session of its own it is not reached by the keys of a terminal.
      detached: true,
    })
    const problem = await untilMounted(child)
    if (problem === undefined) return new PrivateNamespace(child, plan)
    child.kill('SIGKILL')
    throw new NamespacesForbidden(whyNoNamespace(readNamespaceFacts({ said: problem, ownNetwork })))
  }

  /** The command that runs a program inside. */
  command(program: Command): Command {
    return programCommand(this.#plan, this.holder.pid ?? 0, program)
  }

  /** Programs inside go on; the namespaces end with the last of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { holder } = this
    if (holder.exitCode !== null || holder.signalCode !== null) return
    const gone = once(holder, 'exit')
    if (holder.connected) holder.disconnect()
    holder.stdin?.end()
    const timer = setTimeout(() => holder.kill('SIGKILL'), closeTimeoutMs)
    await gone
    clearTimeout(timer)
  }
}

/** Resolves with what was said when it came to nothing. */
function untilMounted(child: ChildProcess): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let said = ''
  const timer = setTimeout(() => resolve(`no answer within ${openTimeoutMs / 1000} s`), openTimeoutMs)
  child.on('error', (error) => resolve(error.message))
  child.stdin?.on('error', () => {})
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(0, maxSaidLength)
  })
  child.once('close', () => resolve(said))
  child.stdout?.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes(mountedLine)) resolve(undefined)
  })
  void promise.then(() => clearTimeout(timer))
  return promise
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
