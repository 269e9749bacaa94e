import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ManagedProcess } from '../processes/managed-process.ts'
import { readCpuSeconds, readPssBytes } from '../processes/process-usage.ts'

/** Longer than a start with a full database on a slow machine. */
const startTimeoutMs = 60_000

/** A relay in a process of its own, as `postern server` runs it: TLS, SQLite, audit log. */
export interface ManagedRelay {
  readonly dataPort: number
  readonly managementPort: number
  /** PEM of the development CA. */
  readonly ca: string
  /** From the start of the process to its first word about being ready. */
  readonly readyMs: number
  /** CPU time of all its threads until then. */
  readonly readyCpuMs: number
  readPssBytes(): number
  readCpuSeconds(): number
  stop(): Promise<void>
}

/** Base domain: namespace `n1` answers at `n1.localhost`. */
export const baseDomain = 'localhost'

/** Starts a relay on a data folder, which keeps what was there before. */
export async function startManagedRelay(repositoryFolder: string, folder: string): Promise<ManagedRelay> {
  const main = join(repositoryFolder, 'packages', 'cli', 'src', 'main.ts')
  const dataDir = join(folder, 'data')
  const ports = ['--data-port', '0', '--management-port', '0', '--bind', '127.0.0.1', '--refusal-delay', '0ms']
  const beganMs = performance.now()
  const started = new ManagedProcess({
    name: 'relay',
    command: [
      process.execPath,
      '--conditions=@postern/source',
      main,
      'server',
      '--data',
      dataDir,
      ...ports,
      '--drain-timeout',
      '0s',
    ],
    // Each start has a log of its own: the word "ready" of an earlier one must not count.
    logFile: join(folder, `relay-${Date.now()}.log`),
    cwd: folder,
  })
  try {
    await started.waitUntilReady({ output: '"relay.ready"' }, startTimeoutMs)
  } catch (error) {
    await started.stop()
    throw error
  }
  const readyMs = performance.now() - beganMs
  const readyCpuMs = readCpuSeconds([started.pid]) * 1000
  const line = started
    .readOutput()
    .split('\n')
    .find((text) => text.includes('"relay.ready"'))
  const { dataPort, managementPort }: { dataPort: number; managementPort: number } = JSON.parse(line ?? '{}')
  return {
    dataPort,
    managementPort,
    ca: readFileSync(join(dataDir, 'certificates', 'development-ca.pem'), 'utf8'),
    readyMs,
    readyCpuMs,
    readPssBytes: () => readPssBytes([started.pid]) ?? 0,
    readCpuSeconds: () => readCpuSeconds([started.pid]),
    stop: () => started.stop(),
  }
}
