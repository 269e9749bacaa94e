import { killRunningLoads } from '../load/load-process.ts'
import { killRunningProcesses } from './managed-process.ts'
import { removeRunFolders } from './run-folder.ts'

/** Runs a benchmark as this program. Whatever ends it, nothing that it started outlives it. */
export async function runBench(main: (args: readonly string[]) => Promise<void>): Promise<void> {
  process.on('exit', () => {
    killRunningLoads()
    killRunningProcesses()
    removeRunFolders()
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code))
  }
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
