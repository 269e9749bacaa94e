import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MessageQueue } from '@postern/testkit'
import { missingPrograms, output, type RunningProgram, startProgram } from '../system/run-program.ts'

/** The bindings of test/clients/wcf/Bindings.cs. */
export type WcfBinding = 'tcp' | 'duplex' | 'basic' | 'basic-tls' | 'notes' | 'web' | 'ws2007'

/** Mono starts in a second, and in ten on a machine that is busy with other tests. */
const patienceMs = 60_000

const libraries = 'libmono-system-servicemodel4.0a-cil libmono-system-servicemodel-web4.0-cil'
const packageOf = { mono: 'mono-runtime', mcs: `mono-mcs ${libraries}` }
const references = ['System.ServiceModel', 'System.ServiceModel.Web', 'System.Runtime.Serialization']

/** Why there can be no WCF here, for `skip`. */
export const noWcf = missingPrograms(packageOf)

/** Service and client of test/clients/wcf, compiled into a folder that goes with them. */
export class WcfPrograms implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'postern-wcf-'))
  readonly #services = new Set<WcfService>()

  private constructor() {}

  static async compile(): Promise<WcfPrograms> {
    const programs = new WcfPrograms()
    await Promise.all([programs.#compile('Service'), programs.#compile('Client', 'RelayAccessToken')])
    return programs
  }

  /** Starts a service. `address` is what its clients dial, `listenUri` is where it listens. */
  async service(
    name: string,
    {
      binding,
      address,
      listenUri,
    }: { readonly binding: WcfBinding; readonly address: string; readonly listenUri: string },
  ): Promise<WcfService> {
    const service = new WcfService([this.#path('Service'), name, binding, address, listenUri])
    this.#services.add(service)
    await service.expect('ready')
    return service
  }

  /** Makes calls, written `echo=text`, over one channel. @returns the lines that the client printed */
  async call(binding: WcfBinding, address: string, ...calls: readonly string[]): Promise<readonly string[]> {
    const args = [this.#path('Client'), binding, address, ...calls]
    const printed = await output('mono', args, { timeoutMs: patienceMs, env: { XDG_CONFIG_HOME: this.#folder } })
    return printed === '' ? [] : printed.split('\n')
  }

  /** Lets clients trust a CA: what `cert-sync --user` writes. */
  async trust(caPem: string): Promise<void> {
    const folder = join(this.#folder, '.mono', 'new-certs', 'Trust')
    mkdirSync(folder, { recursive: true })
    const hash = await output('openssl', ['x509', '-hash', '-noout'], { input: caPem })
    writeFileSync(join(folder, `${hash}.0`), caPem)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #compile(name: string, ...more: readonly string[]): Promise<void> {
    const sources = ['Contracts', 'Bindings', name, ...more]
    await output('mcs', [
      ...references.map((reference) => `-r:${reference}.dll`),
      `-out:${this.#path(name)}`,
      ...sources.map((source) => fileURLToPath(new URL(`./wcf/${source}.cs`, import.meta.url))),
    ])
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.exe`)
  }
}

/** A WCF service in a process of its own. */
export class WcfService implements AsyncDisposable {
  readonly #program: RunningProgram
  readonly #lines = new MessageQueue<string>()
  readonly #closed: Promise<unknown>
  #said = ''

  constructor(args: readonly string[]) {
    this.#program = startProgram('mono', args, { timeoutMs: 10 * patienceMs })
    createInterface({ input: this.#program.stdout }).on('line', (line) => this.#lines.push(line))
    this.#program.stderr.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-8192)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = promise
    this.#program.once('close', (code) => {
      this.#lines.fail(new Error(`the service ended with ${code}: ${this.#said}`))
      resolve()
    })
  }

  /** The next line that the service prints. */
  next(): Promise<string> {
    return this.#lines.next(patienceMs)
  }

  async expect(wanted: string): Promise<void> {
    const line = await this.next()
    if (line !== wanted) throw new Error(`the service printed ${JSON.stringify(line)} in place of ${wanted}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill('SIGKILL')
    await this.#closed
  }
}
