import { mkdir } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'

/** Makes the data folder, for its owner alone, when it is missing. @throws {RelayError} InvalidConfiguration */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `The data folder ${dataDir} cannot be made: ${String(cause)}. Choose another one with --data.`,
      cause,
    })
  }
}
