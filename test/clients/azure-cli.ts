import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningRelay } from '@postern/server'
import type { PythonEnvironment } from './python-environment.ts'
import { PythonProcess } from './python-process.ts'

/** What tests read of answers: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** A command that ended with another code than 0. */
export class AzError extends Error {
  readonly code: number

  constructor(args: readonly string[], { code, err }: AzEnd) {
    super(`az ${args.join(' ')} ended with ${code}: ${err}`)
    this.code = code
  }
}

interface AzEnd {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * The Azure CLI of one user, with a configuration folder of its own, that trusts the relay's CA by REQUESTS_CA_BUNDLE.
 * Commands run in one process, because az takes seconds to start; `program` starts the real one.
 */
export class AzureCli implements Disposable {
  readonly folder: string
  readonly #az: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #session: PythonProcess
  readonly #succeeded: string[] = []

  constructor({ python, az }: PythonEnvironment, relay: RunningRelay) {
    this.folder = mkdtempSync(join(tmpdir(), 'postern-az-'))
    this.#az = az
    const caFile = this.file('ca.pem', relay.caPem ?? '')
    this.#environment = {
      AZURE_CONFIG_DIR: join(this.folder, 'azure'),
      AZURE_CORE_COLLECT_TELEMETRY: '0',
      AZURE_CORE_NO_COLOR: '1',
      REQUESTS_CA_BUNDLE: caFile,
    }
    this.#session = new PythonProcess('./az_session.py', { python, environment: this.#environment })
  }

  /** Registers the relay as a cloud, and signs in there. */
  async signIn(relay: RunningRelay, { clientId, secret }: { clientId: string; secret: string }): Promise<void> {
    const { management } = relay
    await this.run(
      ...['cloud', 'register', '--name', 'postern'],
      ...['--endpoint-resource-manager', management, '--endpoint-active-directory', `${management}/adfs`],
      ...['--endpoint-active-directory-resource-id', management],
      ...['--endpoint-active-directory-graph-resource-id', management],
    )
    await this.run('cloud', 'set', '--name', 'postern')
    await this.run('login', '--service-principal', '-u', clientId, '-p', secret, '--tenant', anyTenant)
  }

  /**
   * Runs a command, and gives what it printed.
   * @throws {AzError} when it ends with another code than 0
   */
  async run(...args: readonly string[]): Promise<Json> {
    const output = outputOf(args, await this.#session.ask<AzEnd>({ args }))
    this.#succeeded.push(args.join(' '))
    return output
  }

  /** The same with the program `az` in a process of its own. */
  program(...args: readonly string[]): Promise<Json> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, ...this.#environment }
      execFile(this.#az, args, { env, timeout: programTimeoutMs }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        try {
          resolve(outputOf(args, { code, out, err }))
        } catch (problem) {
          reject(problem)
        }
      })
    })
  }

  /** Fails for commands below some groups, such as `relay`, that neither succeeded nor begin with one of those left out. */
  async assertEveryCommand(
    groups: readonly string[],
    { leftOut }: { readonly leftOut: readonly string[] },
  ): Promise<void> {
    const commands = JSON.parse((await this.#session.ask<AzEnd>({ groups })).out) as readonly string[]
    for (const group of groups)
      assert.ok(
        commands.some((command) => command.startsWith(group)),
        group,
      )
    const isDone = (command: string): boolean => this.#succeeded.some((args) => `${args} `.startsWith(`${command} `))
    const isLeftOut = (command: string): boolean => leftOut.some((start) => command.startsWith(start))
    assert.deepEqual(
      commands.filter((command) => !isDone(command) && !isLeftOut(command)),
      [],
    )
  }

  /** Writes a file that commands can be given; its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const programTimeoutMs = 120_000

/** The relay has one tenant and takes any GUID for it; az takes a name for a part of the authority's path. */
const anyTenant = 'b7d5a3c0-9d1e-4f4b-8c56-0d1a6a2f9e11'

/** Most commands print JSON, some a bare text, some nothing. */
function outputOf(args: readonly string[], end: AzEnd): Json {
  if (end.code !== 0) throw new AzError(args, end)
  const text = end.out.trim()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
