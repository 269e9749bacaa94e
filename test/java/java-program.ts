import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MessageQueue } from '@postern/testkit'

const source = fileURLToPath(new URL('./program', import.meta.url))

/** Lines that end a command; every other line is something that happened unasked. */
const outcomes: ReadonlySet<string> = new Set(['listening', 'connected', 'exchanged', 'closed', 'stopped', 'failed'])

/** The compiled program in a folder of its own. */
export interface BuiltProgram extends Disposable {
  readonly classpath: string
}

/**
 * Compiles test/java/program against the relay library that Maven Central delivers, or against `AZURE_RELAY_VERSION`.
 * @returns why it cannot be built here, when Maven or the library is not to be had
 * @throws {Error} Maven's output, when it fails in another way
 */
export async function buildProgram(): Promise<BuiltProgram | string> {
  if (spawnSync('mvn', ['--version']).error) return 'it needs Maven and a JDK (apt install maven default-jdk-headless)'
  const folder = mkdtempSync(join(tmpdir(), 'postern-java-'))
  cpSync(source, folder, { recursive: true })
  const version = process.env['AZURE_RELAY_VERSION']
  const goals = ['compile', 'dependency:build-classpath', '-Dmdep.outputFile=classpath.txt']
  const args = ['-q', '-B', ...(version === undefined ? [] : [`-Dazure-relay.version=${version}`]), ...goals]
  const maven = (extra: readonly string[]): Promise<unknown> =>
    promisify(execFile)('mvn', [...args, ...extra], { cwd: folder, timeout: 300_000 })
  try {
    await maven(['-o']).catch(() => maven([]))
  } catch (error) {
    rmSync(folder, { recursive: true })
    const { stdout } = error as { stdout?: string }
    // In the words of a first and of a repeated look-up.
    const isMissing = /(?:Could not find artifact )?com\.microsoft\.azure:azure-relay:jar:\S+ (?:in|was not found in) /
    if (stdout === undefined || !isMissing.test(stdout)) throw error
    return 'Maven Central does not deliver com.microsoft.azure:azure-relay here'
  }
  const libraries = readFileSync(join(folder, 'classpath.txt'), 'utf8').trim()
  return {
    classpath: [join(folder, 'target', 'classes'), libraries].join(delimiter),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The program in a process of its own, which trusts the relay's CA by a trust store, as its users do it. */
export class JavaProgram implements Disposable {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #outcomes = new MessageQueue<{ readonly word: string; readonly rest: string }>()
  readonly #events = new Map<string, MessageQueue<string>>()

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [word = '', ...rest] = line.split(' ')
      if (outcomes.has(word)) this.#outcomes.push({ word, rest: rest.join(' ') })
      else this.#queue(word).push(rest.join(' '))
    })
    child.once('exit', (code, signal) => {
      const gone = new Error(`the program ended with ${signal ?? code}: ${said}`)
      for (const queue of [this.#outcomes, ...this.#events.values()]) queue.fail(gone)
    })
  }

  /** `idleMs` shortens the time after which Jetty ends a WebSocket on which nothing comes; default: its five minutes. */
  static async start(
    built: BuiltProgram,
    options: { readonly caPem: string; readonly idleMs?: number },
  ): Promise<JavaProgram> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-java-'))
    const [ca, store] = [join(folder, 'ca.pem'), join(folder, 'trust.p12')]
    writeFileSync(ca, options.caPem)
    const imported = ['-importcert', '-noprompt', '-alias', 'relay', '-file', ca, '-keystore', store]
    execFileSync('keytool', [...imported, '-storetype', 'PKCS12', '-storepass', 'changeit'], { stdio: 'ignore' })
    const properties = {
      'javax.net.ssl.trustStore': store,
      'javax.net.ssl.trustStorePassword': 'changeit',
      ...(options.idleMs !== undefined && { idleMs: String(options.idleMs) }),
    }
    const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
    const child = spawn('java', [...flags, '-cp', built.classpath, 'postern.Program'])
    await once(child, 'spawn')
    return new JavaProgram(child, folder)
  }

  /**
   * Has one command done.
   * @returns what the program says after the word `expected`
   * @throws {Error} the program's own words when it failed
   */
  async run(command: string, expected: string): Promise<string> {
    this.#child.stdin?.write(`${command}\n`)
    const { word, rest } = await this.#outcomes.next(90_000)
    if (word !== expected) throw new Error(`${command.split(' ')[0]}: ${word} ${rest}`)
    return rest
  }

  /** The next thing of this name that happened and nobody took yet. */
  next(event: string, timeoutMs = 30_000): Promise<string> {
    return this.#queue(event).next(timeoutMs)
  }

  /** How many things of this name wait to be taken. */
  count(event: string): number {
    return this.#queue(event).size
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #queue(event: string): MessageQueue<string> {
    const queue = this.#events.get(event) ?? new MessageQueue<string>()
    this.#events.set(event, queue)
    return queue
  }
}
