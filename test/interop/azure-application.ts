import assert from 'node:assert/strict'
import type { RunningRelay } from '@postern/server'
import { ClientProcess } from './client-process.ts'

/** The SDKs of the fixture, by the names that its script has for them. */
export type AzureSdk = 'relay' | 'appService' | 'appService15' | 'authorization' | 'resources' | 'monitor'

/** What tests read of answers: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** One request of an operation, as the SDK's own `onResponse` tells it. */
export interface SdkExchange {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** As it came, for what a client's type leaves out. */
  readonly body: Json
}

/** An operation that tests leave out, and why. A pattern stands for several. */
export interface Exemption {
  readonly operation: string | RegExp
  readonly reason: string
}

/** A program of a user of the Azure SDKs: nothing of it is ours but the address, the CA and the names. */
export class AzureApplication implements Disposable {
  readonly #process: ClientProcess
  readonly #relay: RunningRelay
  readonly #called = new Map<AzureSdk, Set<string>>()

  private constructor(process: ClientProcess, relay: RunningRelay) {
    this.#process = process
    this.#relay = relay
  }

  /** Starts it; `administrator` is signed in with the secret that the relay has made. */
  static async start(relay: RunningRelay): Promise<AzureApplication> {
    const process = await ClientProcess.start('azure-peer.cjs', { caPem: relay.caPem ?? '', fixture: 'azure' })
    const application = new AzureApplication(process, relay)
    assert.ok(relay.bootstrapAdmin)
    const { clientId, clientSecret } = relay.bootstrapAdmin
    await application.signInBySecret('administrator', { clientId, secret: clientSecret.reveal() })
    return application
  }

  /** A ClientSecretCredential under a name; it asks for a token at its first use. */
  async signInBySecret(
    as: string,
    { clientId, secret, tenantId = anyTenant }: { clientId: string; secret: string; tenantId?: string },
  ): Promise<void> {
    await this.signIn(as, 'ClientSecretCredential', [tenantId, clientId, secret])
  }

  /** Any credential of @azure/identity, with our address as its authority. */
  async signIn(as: string, kind: string, args: readonly unknown[]): Promise<void> {
    const options = { authorityHost: this.#relay.management, disableInstanceDiscovery: true }
    await this.#process.call('signIn', { as, kind, args: [...args, options] })
  }

  /** The access token that a credential gets for a scope. */
  async getToken(as: string, scope = `${this.#relay.management}/.default`): Promise<string> {
    return await this.#process.call<string>('getToken', { as, scope })
  }

  /** Opens a client of one SDK for one subscription. */
  async open(
    sdk: AzureSdk,
    { as = 'administrator', subscriptionId = 'any', options = {} }: SdkOptions = {},
  ): Promise<SdkClient> {
    const key = `${sdk} ${as} ${subscriptionId} ${JSON.stringify(options)}`
    const all = { endpoint: this.#relay.management, ...options }
    await this.#process.call('open', { key, client: sdk, as, subscriptionId, options: all })
    const called = this.#called.get(sdk) ?? new Set()
    this.#called.set(sdk, called)
    const exchange: SdkClient['exchange'] = async (operation, args = [], callOptions = {}) => {
      called.add(operation)
      return await this.#process.call<SdkAnswer>('invoke', { key, operation, args, options: callOptions })
    }
    return { exchange, call: async (...call) => (await exchange(...call)).value }
  }

  /** Fails for operations of an SDK that were neither called nor left out for a reason. */
  async assertEveryOperation(sdk: AzureSdk, exemptions: readonly Exemption[]): Promise<void> {
    const called = this.#called.get(sdk) ?? new Set()
    const operations = await this.#process.call<string[]>('operations', { client: sdk })
    const left = operations.filter((operation) => !called.has(operation))
    const fits = (operation: string, { operation: pattern }: Exemption): boolean =>
      typeof pattern === 'string' ? pattern === operation : pattern.test(operation)
    assert.deepEqual(
      left.filter((operation) => !exemptions.some((exemption) => fits(operation, exemption))),
      [],
      'operations that no test calls',
    )
    assert.deepEqual(
      exemptions.filter((exemption) => !left.some((operation) => fits(operation, exemption))),
      [],
      'exemptions that nothing needs',
    )
    assert.ok(called.size > 0)
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]()
  }
}

export interface SdkOptions {
  readonly as?: string
  readonly subscriptionId?: string
  /** Of the client's constructor. */
  readonly options?: Readonly<Record<string, unknown>>
}

interface SdkAnswer {
  readonly value: Json
  readonly exchanges: readonly SdkExchange[]
}

/** One client of an SDK; rejects with ClientError, whose `status` and `reason` are the RestError's statusCode and code. */
export interface SdkClient {
  /** Calls `group.operation` with arguments and, as the last one, options. */
  call(operation: string, args?: readonly unknown[], options?: Readonly<Record<string, unknown>>): Promise<Json>
  exchange(
    operation: string,
    args?: readonly unknown[],
    options?: Readonly<Record<string, unknown>>,
  ): Promise<SdkAnswer>
}

/** The relay has one tenant and takes any name for it. */
const anyTenant = '7ab1a0f4-66a2-4d9a-b2ae-0e5f7b1c9d20'
