import { createRunFolder } from '../processes/run-folder.ts'
import { createEstate, type EstateSize, signIn } from './estate.ts'
import { startManagedRelay } from './managed-relay.ts'
import type { EstateMeasurement } from './measure-estate.ts'

/** Resources in a data folder, and what was measured with them. */
export interface Estate {
  readonly name: string
  readonly size: EstateSize
  readonly folder: string
  readonly createdPerSecond: number
  readonly repetitions: EstateMeasurement[]
}

/** Creates an estate through the management API, in a data folder of its own. */
export async function prepareEstate(repositoryFolder: string, size: EstateSize): Promise<Estate> {
  const name = `${size.hybridConnections} in ${size.namespaces}`
  console.error(`bench: creating ${name}`)
  const folder = createRunFolder()
  const relay = await startManagedRelay(repositoryFolder, folder)
  try {
    const client = await signIn(relay, folder, 16)
    const createdPerSecond = await createEstate(client, size)
    client.close()
    return { name, size, folder, createdPerSecond, repetitions: [] }
  } finally {
    await relay.stop()
  }
}
