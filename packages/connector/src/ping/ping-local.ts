import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Hop, since } from './hop.ts'

/** What a program of this machine finds when it opens an endpoint. */
export interface LocalWay {
  /** As the program writes it. */
  readonly host: string
  readonly port: number
  /** Where the connector listens for it; undefined when it does not. */
  readonly address: string | undefined
}

const timeoutMs = 2_000

/** The name as this program sees it, and the connector's port behind it. */
export async function pingLocal(way: LocalWay): Promise<readonly Hop[]> {
  const { address, port } = way
  if (address === undefined) {
    return [{ name: 'local port', result: 'skipped', message: 'no connector that runs here listens for it' }]
  }
  return [await pingName(way, address), await pingPort(address, port)]
}

async function pingName({ host }: LocalWay, address: string): Promise<Hop> {
  const startedAt = performance.now()
  const found = await lookup(host, { family: 4 }).catch(({ code = 'unknown' }: NodeJS.ErrnoException) => ({
    address: code,
  }))
  const ms = since(startedAt)
  if (found.address === address) return { name: 'name', result: 'ok', ms, message: `${host} is ${address}` }
  return {
    name: 'name',
    result: 'unknown',
    ms,
    message: `programs that ask this machine's resolver are not led to the connector: ${host} is ${found.address}, not ${address}`,
    whatToDo:
      'Choose a way in: postern connector run -- PROGRAM, --hosts, --dns, or NODE_OPTIONS=--import for Node programs.',
  }
}

async function pingPort(address: string, port: number): Promise<Hop> {
  const startedAt = performance.now()
  const socket = connect({ host: address, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
    return {
      name: 'local port',
      result: 'ok',
      ms: since(startedAt),
      message: `the connector listens at ${address}:${port}`,
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return {
      name: 'local port',
      result: 'failed',
      ms: since(startedAt),
      message: `${address}:${port} cannot be opened: ${code ?? message}`,
      whatToDo: "postern connector status says why; this network namespace may be another than the connector's.",
    }
  } finally {
    socket.on('error', () => {}).destroy()
  }
}
