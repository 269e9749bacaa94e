import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { z } from 'zod'

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** Host to the loopback address that it has. */
  addresses: z.record(z.string(), z.ipv4()),
  /** `relay/hybrid connection` to the endpoint that the relay named last: known at a start without network. */
  endpoints: z.record(z.string(), z.string()),
})

type State = Readonly<z.infer<typeof stateSchema>>

const emptyState: State = { version: 1, addresses: {}, endpoints: {} }
/** Hosts that were known longest ago are forgotten. */
const maxEntries = 4_096

/** What a connector remembers between two runs: nothing of it is a secret. */
export class ConnectorState {
  readonly #path: string | undefined
  #state: State
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string | undefined, state: State) {
    this.#path = path
    this.#state = state
  }

  /**
   * Opens the state in a folder, which is made when there is none; without a folder nothing is kept.
   *
   * @throws {RelayError} InvalidConfiguration when what is there cannot be read; nothing is changed then.
   */
  static async open(folder?: string): Promise<ConnectorState> {
    if (folder === undefined) return new ConnectorState(undefined, emptyState)
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
      throw new RelayError('InvalidConfiguration', {
        message: `The state folder cannot be made: ${cause.message}`,
        cause,
      })
    })
    const path = join(folder, 'connector.json')
    return new ConnectorState(path, await readState(path))
  }

  addressOf(host: string): string | undefined {
    return Object.hasOwn(this.#state.addresses, host) ? this.#state.addresses[host] : undefined
  }

  endpointOf(place: string): string | undefined {
    return Object.hasOwn(this.#state.endpoints, place) ? this.#state.endpoints[place] : undefined
  }

  /** Resolves when it is on the disk. */
  setAddress(host: string, address: string): Promise<void> {
    return this.#update({ ...this.#state, addresses: withEntry(this.#state.addresses, host, address) })
  }

  /** Resolves when it is on the disk. */
  setEndpoint(place: string, endpoint: string): Promise<void> {
    return this.#update({ ...this.#state, endpoints: withEntry(this.#state.endpoints, place, endpoint) })
  }

  #update(state: State): Promise<void> {
    this.#state = state
    const path = this.#path
    if (path === undefined) return Promise.resolve()
    // Programs that are run at the same time remember in the same place.
    const draft = `${path}.${randomUUID()}.new`
    const text = (): string => `${JSON.stringify(this.#state, null, 2)}\n`
    const written = this.#writing.then(() => writeAtomically(path, text(), { draft }))
    this.#writing = written.catch(() => {})
    return written
  }
}

function withEntry(
  entries: Readonly<Record<string, string>>,
  key: string,
  value: string,
): Readonly<Record<string, string>> {
  const others = Object.entries(entries).filter(([other]) => other !== key)
  return Object.fromEntries([...others.slice(1 - maxEntries), [key, value]])
}

async function readState(path: string): Promise<State> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyState
    throw broken(path, (error as Error).message)
  }
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw broken(path, text.trim() === '' ? 'it is empty' : 'it is not as this program writes it', cause)
  }
}

function broken(path: string, problem: string, cause?: unknown): RelayError {
  const message = `The state file ${path} cannot be read: ${problem}. Move it away: hosts may get other loopback addresses then`
  return new RelayError('InvalidConfiguration', { message, cause })
}
