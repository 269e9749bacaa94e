import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningRelay } from '@postern/server'
import type { Json } from './azure-cli.ts'
import type { PythonEnvironment } from './python-environment.ts'
import { PythonProcess } from './python-process.ts'

/** What the SDK raised. */
export class SdkError extends Error {
  readonly type: string
  readonly status: number
  readonly code: string | null

  constructor({ type, status, code, message }: SdkFailure) {
    super(message)
    this.type = type
    this.status = status
    this.code = code
  }
}

interface SdkFailure {
  readonly type: string
  readonly status: number
  readonly code: string | null
  readonly message: string
}

/** A program of azure-mgmt-relay that has signed in by azure-identity as the administrator of a relay. */
export class RelaySdk implements Disposable {
  readonly #process: PythonProcess
  readonly #folder: string
  readonly #called = new Set<string>()

  private constructor(process: PythonProcess, folder: string) {
    this.#process = process
    this.#folder = folder
  }

  static async start(
    { python }: PythonEnvironment,
    relay: RunningRelay,
    { apiVersion }: { readonly apiVersion: string },
  ): Promise<RelaySdk> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-python-'))
    const caFile = join(folder, 'ca.pem')
    writeFileSync(caFile, relay.caPem ?? '')
    const process = new PythonProcess('./relay_session.py', { python, environment: { REQUESTS_CA_BUNDLE: caFile } })
    const sdk = new RelaySdk(process, folder)
    assert.ok(relay.bootstrapAdmin)
    const { clientId, clientSecret } = relay.bootstrapAdmin
    await sdk.#ask('open', {
      key: 'relay',
      sign_in: {
        tenant_id: 'adfs',
        client_id: clientId,
        client_secret: clientSecret.reveal(),
        authority: relay.management,
        disable_instance_discovery: true,
      },
      subscription: 'sub-1',
      options: {
        base_url: relay.management,
        credential_scopes: [`${relay.management}/.default`],
        api_version: apiVersion,
      },
    })
    return sdk
  }

  /** Calls `group.operation`. @throws {SdkError} */
  async call(operation: string, args: readonly unknown[] = []): Promise<Json> {
    this.#called.add(operation)
    return await this.#ask('invoke', { key: 'relay', operation, args, options: {} })
  }

  /** Fails for operations that no test calls and that do not begin with what is left out. */
  async assertEveryOperation({ leftOut }: { readonly leftOut: string }): Promise<void> {
    const operations: readonly string[] = await this.#ask('operations', { key: 'relay' })
    assert.ok(operations.length > this.#called.size / 2)
    assert.deepEqual(
      operations.filter((operation) => !this.#called.has(operation) && !operation.startsWith(leftOut)),
      [],
    )
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #ask(call: string, args: unknown): Promise<Json> {
    const reply = await this.#process.ask<{ readonly value?: Json; readonly error?: SdkFailure }>({ call, args })
    if (reply.error) throw new SdkError(reply.error)
    return reply.value
  }
}
