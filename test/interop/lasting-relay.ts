import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StartRelayOptions } from '@postern/server'
import { startTestRelay, type TestRelay } from '@postern/testkit'

/** A relay that keeps port, CA, keys and resources when it is started again. */
export interface LastingRelay extends AsyncDisposable {
  /** The one that runs now. */
  readonly relay: TestRelay
  /** Stops it at once, as a crash would look from outside, and starts it again on the same port. */
  restart(): Promise<void>
}

export async function startLastingRelay(options: StartRelayOptions['options'] = {}): Promise<LastingRelay> {
  const data = mkdtempSync(join(tmpdir(), 'postern-lasting-'))
  const kept = { ...options, inMemory: false, data }
  let relay = await startTestRelay({ options: kept })
  const port = Number(new URL(relay.relay.data).port)
  return {
    get relay() {
      return relay
    },
    async restart() {
      await relay.relay.stop()
      relay = await startTestRelay({ options: { ...kept, dataPort: port } })
    },
    async [Symbol.asyncDispose]() {
      await relay.relay.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
