import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StartRelayOptions } from '@postern/server'
import { PosternProcess, type PosternResult, startTestRelay } from '@postern/testkit'

/** The real command line and a relay that it can manage. */
export interface ManagedRelay extends AsyncDisposable {
  readonly folder: string
  readonly caFile: string
  /** Holds the administrator's secret. */
  readonly secretFile: string
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret: string
  /** As in CI: everything that is needed is in the environment. */
  readonly ci: Readonly<Record<string, string>>
  /** Runs `postern` with words that are separated by spaces. */
  run(args: string, env?: Readonly<Record<string, string>>): Promise<PosternResult>
  /** The same, and reads what it prints; it must not fail. */
  json(args: string, env?: Readonly<Record<string, string>>): Promise<Json>
}

/** What tests read of results: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** Starts a relay in this process; commands run as processes of their own, in the environment `ci` unless another is given. */
export async function openManagedRelay(settings: Pick<StartRelayOptions, 'options'> = {}): Promise<ManagedRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-manage-'))
  const { relay, ...test } = await startTestRelay(settings)
  const { clientId = '', clientSecret } = relay.bootstrapAdmin ?? {}
  const secret = clientSecret?.reveal() ?? ''
  const caFile = join(folder, 'ca.pem')
  const secretFile = join(folder, 'secret')
  writeFileSync(caFile, relay.caPem ?? '')
  writeFileSync(secretFile, `${secret}\n`)
  const ci = {
    POSTERN_ENDPOINT: relay.management,
    POSTERN_CLIENT_ID: clientId,
    POSTERN_CLIENT_SECRET: secret,
    POSTERN_CA: caFile,
    POSTERN_CONFIG_DIR: join(folder, 'nothing'),
  }
  const run: ManagedRelay['run'] = (args, env = ci) => PosternProcess.run(args.split(' '), { env })
  return {
    folder,
    caFile,
    secretFile,
    endpoint: relay.management,
    clientId,
    clientSecret: secret,
    ci,
    run,
    json: async (args, env) => {
      const { code, stdout, stderr } = await run(args, env)
      assert.equal(code, 0, stderr)
      return stdout === '' ? undefined : JSON.parse(stdout)
    },
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
