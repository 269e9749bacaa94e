import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { TestContext } from 'node:test'
import { Listener, type ListenerOptions } from '@postern/client'
import { bulkStream } from './bulk-stream.ts'
import { cpuSeconds } from './process-facts.ts'
import { maxRelayBytes, RelayProcess } from './relay-process.ts'
import { type ProgramOptions, type RunningProgram, startProgram } from './run-program.ts'

const mib = 1_048_576

/** A relay process with a listener of this process on the hybrid connection `site`, which needs no token from senders. */
export class CurlSite implements AsyncDisposable {
  readonly relay: RelayProcess
  readonly #listener: Listener

  private constructor(relay: RelayProcess, listener: Listener) {
    this.relay = relay
    this.#listener = listener
  }

  static async open(onRequest: NonNullable<ListenerOptions['onRequest']>): Promise<CurlSite> {
    const relay = await RelayProcess.start([
      { name: 'site', open: true },
      { name: 'closed' },
      { name: 'empty', open: true },
    ])
    const listener = new Listener({
      connectionString: relay.access('site').listen,
      tls: { ca: relay.caPem },
      onRequest,
    })
    await listener.open({ signal: AbortSignal.timeout(20_000) })
    return new CurlSite(relay, listener)
  }

  /** Starts curl for a path of the data door, which begins with the name of the hybrid connection. */
  curl(path: string, args: readonly string[] = [], options?: ProgramOptions): RunningProgram {
    const common = ['--silent', '--show-error', '--cacert', this.relay.caFile]
    return startProgram('curl', [...common, ...args, `${this.relay.data}/${path}`], options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close()
    await this.relay[Symbol.asyncDispose]()
  }
}

interface Transfer {
  readonly bytes: number
  readonly timeoutMs: number
}

/** Sends a body of unknown length through curl and the relay; its hash must arrive, and the relay stay small. */
export async function expectUpload(context: TestContext, { bytes, timeoutMs }: Transfer): Promise<void> {
  await using site = await CurlSite.open(async (request, response) => {
    const hash = createHash('sha256')
    for await (const chunk of request) hash.update(chunk as Buffer)
    response.end(hash.digest('hex'))
  })
  const sent = createHash('sha256')
  await watchRelay(context, site.relay, bytes, async () => {
    const curl = site.curl('site/upload', ['--upload-file', '-'], { timeoutMs })
    const closed = once(curl, 'close')
    const answer = text(curl.stdout)
    const [said] = await Promise.all([text(curl.stderr), pipeline(bulkStream(1, bytes, sent), curl.stdin)])
    await closed
    assert.equal(curl.exitCode, 0, said)
    assert.equal(await answer, sent.digest('hex'))
  })
}

/** Fetches a body of unknown length through relay and curl; its hash must arrive, and the relay stay small. */
export async function expectDownload(context: TestContext, { bytes, timeoutMs }: Transfer): Promise<void> {
  const sent = createHash('sha256')
  await using site = await CurlSite.open(async (_request, response) => {
    await pipeline(bulkStream(2, bytes, sent), response)
  })
  await watchRelay(context, site.relay, bytes, async () => {
    const curl = site.curl('site/download', [], { timeoutMs })
    const closed = once(curl, 'close')
    const received = createHash('sha256')
    const said = text(curl.stderr)
    for await (const chunk of curl.stdout) received.update(chunk as Buffer)
    await closed
    assert.equal(curl.exitCode, 0, await said)
    assert.equal(received.digest('hex'), sent.digest('hex'))
  })
}

async function watchRelay(
  context: TestContext,
  relay: RelayProcess,
  bytes: number,
  transfer: () => Promise<void>,
): Promise<void> {
  const { pid } = relay.program
  const startedAt = performance.now()
  const cpuBefore = cpuSeconds(pid)
  await transfer()
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = ((cpuSeconds(pid) - cpuBefore) * 1024 * mib) / bytes
  const peak = relay.program.peakResidentBytes()
  context.diagnostic(
    `${(bytes / mib / seconds).toFixed(0)} MiB/s, relay: peak ${(peak / mib).toFixed(0)} MiB, ${cpu.toFixed(2)} CPU s/GiB`,
  )
  assert.ok(peak < maxRelayBytes, `the relay took ${peak} bytes`)
}
