import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { output, type RunningProgram, runProgram, startProgram } from './run-program.ts'

const makeTimeoutMs = 400_000
const lifeMs = 600_000

/**
 * A Debian with nothing but its essential packages, in a folder, and in a network of its own with a cable to this machine and no way
 * further: no registry, no name server.
 */
export class BareDebian implements AsyncDisposable {
  /** Its / seen from here. */
  readonly root: string
  /** This machine's address on the cable. */
  readonly outside: string
  readonly #namespace: string
  readonly #cable: string
  readonly #programs: RunningProgram[] = []

  private constructor(root: string) {
    this.root = root
    const { pid } = process
    this.#namespace = `postern-bare-${pid}`
    this.#cable = `pbare${pid}`
    this.outside = `10.${100 + (pid % 100)}.${(pid >> 7) % 256}.1`
  }

  static async make(): Promise<BareDebian> {
    const debian = new BareDebian(await mkdtemp(join(tmpdir(), 'postern-bare-')))
    try {
      await debian.#make()
      return debian
    } catch (error) {
      await debian[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Runs a program in there to its end; what it printed. @throws {Error} when it fails */
  run(command: string, ...args: readonly string[]): Promise<string> {
    return output(...this.#inside(command, args), { timeoutMs: lifeMs })
  }

  /** The same of one that must fail; what it said. */
  async fail(command: string, ...args: readonly string[]): Promise<string> {
    const { code, stderr, stdout } = await runProgram(...this.#inside(command, args), { timeoutMs: lifeMs })
    if (code === 0) throw new Error(`${command} ${args.join(' ')} did not fail: ${stdout.toString()}`)
    return stderr
  }

  /** Starts a program in there; it ends with this, if not before. */
  start(command: string, ...args: readonly string[]): RunningProgram {
    const program = startProgram(...this.#inside(command, args), { timeoutMs: lifeMs })
    program.stdin.end()
    this.#programs.push(program)
    return program
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) {
      if (program.exitCode !== null || program.signalCode !== null) continue
      const closed = once(program, 'close')
      program.kill('SIGTERM')
      program.stdout.resume()
      program.stderr.resume()
      await closed
    }
    await runProgram('umount', [join(this.root, 'proc')])
    await runProgram('ip', ['netns', 'delete', this.#namespace])
    await rm(this.root, { recursive: true, force: true })
  }

  #inside(command: string, args: readonly string[]): [string, readonly string[]] {
    return ['ip', ['netns', 'exec', this.#namespace, 'chroot', this.root, command, ...args]]
  }

  async #make(): Promise<void> {
    // Whatever is written is thrown away: nothing need reach the disk.
    const flags = ['--quiet', '--variant=essential', '--include=libstdc++6', '--dpkgopt=force-unsafe-io']
    await output('mmdebstrap', [...flags, await suite(), this.root], { timeoutMs: makeTimeoutMs })
    await output('mount', ['-t', 'proc', 'proc', join(this.root, 'proc')])
    const [namespace, cable] = [this.#namespace, this.#cable]
    const inside = this.outside.replace(/1$/, '2')
    const ip = (words: string): Promise<string> => output('ip', words.split(' '))
    await ip(`netns add ${namespace}`)
    await ip(`link add ${cable} type veth peer name eth0 netns ${namespace}`)
    await ip(`address add ${this.outside}/30 dev ${cable}`)
    await ip(`link set ${cable} up`)
    await ip(`-n ${namespace} address add ${inside}/30 dev eth0`)
    await ip(`-n ${namespace} link set eth0 up`)
    await ip(`-n ${namespace} link set lo up`)
  }
}

/** That of this machine: its packages can be fetched here. */
function suite(): Promise<string> {
  return output('sh', ['-c', '. /etc/os-release && echo "$VERSION_CODENAME"'])
}
